import { Interrupted } from '../core/errors.ts';
import { type ApiFailure, explainApiFailure } from '../core/publication-api-errors.ts';
import { type Facts, PublishError } from '../core/publication-errors.ts';

/** The refusal that `error`, thrown by octokit or fetch, means for a request about `facts`. */
export function explainFailure(error: unknown, facts: Facts): Error {
  if (error instanceof PublishError || error instanceof Interrupted) return error;
  const failure = readFailure(error);
  return failure === undefined ? wrap(error) : explainApiFailure(failure, facts, error);
}

/** What octokit's RequestError says, or undefined when `error` is something else. */
export function readFailure(error: unknown): ApiFailure | undefined {
  if (!isRecord(error) || typeof error.status !== 'number') return undefined;
  const response = isRecord(error.response) ? error.response : undefined;
  const data = isRecord(response?.data) ? response.data : {};
  const headers = isRecord(response?.headers) ? response.headers : {};
  return {
    // octokit gives a request without an answer the status 500
    status: response === undefined ? 0 : error.status,
    headers: headers as Record<string, string>,
    message: typeof data.message === 'string' ? data.message : String(error.message),
    errors: Array.isArray(data.errors) ? data.errors.map(readDetail) : [],
    ...(response === undefined ? { network: networkCode(error) } : {}),
  };
}

function readDetail(detail: unknown): { field?: string; message?: string; code?: string } {
  if (typeof detail === 'string') return { message: detail };
  return isRecord(detail) ? (detail as { field?: string; message?: string; code?: string }) : {};
}

/** The code of the first cause that has one (ECONNREFUSED ...), else what the last one says. */
function networkCode(error: unknown): string {
  let said = 'no answer';
  for (let at: unknown = error; isRecord(at); at = at.cause ?? firstOf(at.errors)) {
    if (typeof at.code === 'string') return at.code;
    if (at.name === 'TimeoutError') return 'no answer in time';
    if (typeof at.message === 'string' && at.message !== '') said = at.message;
  }
  return said;
}

function firstOf(errors: unknown): unknown {
  return Array.isArray(errors) ? errors[0] : undefined;
}

/** An error of Node with a string `code` would crash `yo`, which passes it to process.exit. */
function wrap(error: unknown): Error {
  if (error instanceof Error && !('code' in error)) return error;
  return new Error(error instanceof Error ? error.message : String(error), { cause: error });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
