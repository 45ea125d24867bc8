/**
 * What a route of the API is: its place, what it takes and gives, and its handler. The same table mounts the handlers and
 * writes openapi.json, so neither can know a route that the other does not.
 */
import type * as z from "zod/mini";
import type { Services } from "../../context.ts";
import type { Company } from "../../store/index.ts";
import type { Actor } from "../actor.ts";
import type { Answer } from "../problems.ts";
import type { Precondition, Versioned } from "../versions.ts";

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** What a handler is given. `body` is what the route's schema made of it. */
export interface Call<Body> {
  readonly services: Services;
  readonly actor: Actor;
  readonly request: Request;
  /** The slug in the path; empty where there is none. */
  readonly slug: string;
  /** The object in the path; empty where there is none. */
  readonly id: string;
  /** Of a user's passkey; empty elsewhere. */
  readonly passkeyId: string;
  /** Only parameters that the route names, each once. */
  readonly query: URLSearchParams;
  readonly body: Body;
  readonly precondition: Precondition;
}

export interface CompanyCall<Body> extends Call<Body> {
  readonly company: Company;
}

export interface Reply {
  readonly status: 200 | 201 | 204;
  readonly body?: unknown;
  /** What the entity tag is made of. */
  readonly version?: Versioned;
  /** Path below the API's root, for a 201. */
  readonly location?: string;
  /** What goes out as it is, instead of all the others. */
  readonly file?: Response;
}

interface Described<Body extends z.ZodMiniType> {
  readonly method: Method;
  /** Below the API's root; parameters as `:slug`, `:id`. */
  readonly path: string;
  readonly summary: string;
  readonly query?: readonly string[];
  /** JSON that the handler gets; absent: the route takes none, or reads the request itself. */
  readonly body?: Body;
  /** What it answers when all is well; absent for 204. */
  readonly view?: z.ZodMiniType;
  /** The view stands in `{items, nextCursor}`. */
  readonly list?: true;
  /** A POST that makes no object, and so answers 200. */
  readonly makesNothing?: true;
  /** What it is about has no version: no entity tag stands over its answer, and no If-Match before it. */
  readonly unversioned?: true;
  /** A POST that heeds If-Match, as every PUT, PATCH and DELETE of something with a version does. */
  readonly conditional?: true;
  /** Statuses of problems that others of its method don't have, for the description. */
  readonly problems?: readonly number[];
  /** Content types of what it answers, where that is a file. */
  readonly files?: readonly string[];
  /** Bodies other than `body`, for the description. */
  readonly otherBodies?: Readonly<Record<string, z.ZodMiniType | null>>;
}

/** For the operator alone, whatever company it is about. */
export interface OperatorRoute<Body extends z.ZodMiniType = z.ZodMiniType> extends Described<Body> {
  readonly access: "operator";
  readonly handle: (call: Call<z.output<Body>>) => Promise<Answer<Reply>>;
}

/** For the operator and for the company whose slug stands in the path. */
export interface CompanyRoute<Body extends z.ZodMiniType = z.ZodMiniType> extends Described<Body> {
  readonly access: "company";
  readonly handle: (call: CompanyCall<z.output<Body>>) => Promise<Answer<Reply>>;
}

// The table forgets each body's type; mounting hands a handler only what its own schema made.
export type Route = OperatorRoute<z.ZodMiniType<never>> | CompanyRoute<z.ZodMiniType<never>>;

export function operatorRoute<Body extends z.ZodMiniType>(route: Omit<OperatorRoute<Body>, "access">): Route {
  return { ...route, access: "operator" } as unknown as Route;
}

export function companyRoute<Body extends z.ZodMiniType>(route: Omit<CompanyRoute<Body>, "access">): Route {
  return { ...route, access: "company" } as unknown as Route;
}

/** The reply that an answer's value makes; a problem passes through. */
export function reply<T>(given: Answer<T>, make: (value: T) => Reply): Answer<Reply> {
  return given.ok ? { ok: true, value: make(given.value) } : given;
}

export const NO_CONTENT = (): Reply => ({ status: 204 });
