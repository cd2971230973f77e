/** What a command ends with; scripts branch on it. */
export const exitCodes = {
  ok: 0,
  notCompleted: 1,
  refused: 2,
  unreachable: 3,
  waiting: 4,
  fault: 70,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodesHelp = `
Exit codes:
  0    done; the execution is COMPLETED, or RUNNING when it was not waited for
  1    the execution is FAILED or CANCELLED, or a replay differs
  2    the command was not understood, or the API refused the request
  3    the API cannot be reached, or cannot serve now
  4    the execution is WAITING for you; what to do is printed
  70   a fault in everframe itself
  130  you stopped waiting (Ctrl-C); the execution goes on`;
