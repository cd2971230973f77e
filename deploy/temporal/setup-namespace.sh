#!/bin/sh
# Makes the namespace and the search attributes that a worker of ours checks for at its start; safe to repeat.
set -eu

until temporal operator cluster health; do sleep 2; done
temporal operator namespace describe --namespace default ||
  temporal operator namespace create --namespace default --retention 720h
for attribute in EverframeStatus=Keyword AccountId=Keyword WorkflowName=Keyword FailedNode=Keyword \
  Providers=KeywordList CreditsCharged=Int; do
  temporal operator search-attribute create --namespace default --name "${attribute%%=*}" --type "${attribute#*=}"
done
