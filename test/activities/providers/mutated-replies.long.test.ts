import { describeMutatedReplies } from './mutated-replies';

describeMutatedReplies(6_000);
