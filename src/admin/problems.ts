/** What the functions of this folder answer: the object, or why not, as a value (RFC 9457). REST and console give it a face. */

/** `path` names the field as `jit.groupId`, `certificates.0`; empty for the body as a whole. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

export interface Problem {
  readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 412 | 413 | 415 | 422 | 429;
  /** The last part of the problem's type URI; stable. */
  readonly type: string;
  readonly title: string;
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
}

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

export function answer<T>(value: T): Answer<T> {
  return { ok: true, value };
}

export function fail(problem: Problem): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem };
}

export function notFound(what: string): { readonly ok: false; readonly problem: Problem } {
  return fail({ status: 404, type: "not-found", title: `There is no such ${what}` });
}

export function invalid(errors: readonly FieldError[]): { readonly ok: false; readonly problem: Problem } {
  return fail({ status: 422, type: "validation", title: "The request does not describe a valid object", errors });
}

/** One object stands in the way of another; `path` is the field that both want. */
export function conflict(path: string, message: string): { readonly ok: false; readonly problem: Problem } {
  return fail({ status: 409, type: "conflict", title: message, errors: [{ path, message }] });
}

export function forbidden(
  title: string,
  errors?: readonly FieldError[],
): { readonly ok: false; readonly problem: Problem } {
  return fail({ status: 403, type: "forbidden", title, ...(errors ? { errors } : {}) });
}
