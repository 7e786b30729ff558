// Whether a request fits the operation of its route: chat has messages, a completion has a prompt.
import type { JsonObject } from '../../lib/json.ts';
import type { Operation } from '../shared/ai/driver.ts';
import { messagesOf } from '../shared/ai/request.ts';

/** Answers what is wrong. */
export function judgeRequest(request: JsonObject, operation: Operation): string | undefined {
  const isChat = messagesOf(request) !== undefined;
  const isCompletion = typeof request['prompt'] === 'string' && request['prompt'] !== '';
  if (isChat && isCompletion) return 'request matches multiple LLM request formats';
  if (!isChat && !isCompletion) return "request body doesn't contain valid prompts";
  const kind: Operation = isChat ? 'chat' : 'completions';
  if (kind === operation) return undefined;
  return `[llm/v1/${kind}] message format is not compatible with [llm/v1/${operation}] route type`;
}
