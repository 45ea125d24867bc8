/** openapi.json (OpenAPI 3.1), written from the table of routes and the schemas that the routes check with. */
import * as z from "zod/mini";
import type { Route } from "./route.ts";

const PROBLEMS: Readonly<Record<number, string>> = {
  400: "The body is not JSON, or the query is not valid",
  401: "No valid bearer token",
  403: "Not this caller's to see or to change",
  404: "There is no such object",
  409: "Another object stands in the way",
  412: "The object is not the one that If-Match names",
  413: "The body is too large",
  415: "The body has the wrong type",
  422: "Fields are unknown, missing or not valid: see errors",
  429: "Too many calls: Retry-After says when to try again",
  503: "The database gives no answer; try again",
};

const PARAMETERS: Readonly<Record<string, string>> = {
  limit: "How many items, 1 to 200; 50 without it",
  cursor: "nextCursor of the page before",
  email: "Finds the one user with this e-mail address",
  userId: "Of this user only",
  reference: "The reference that a visitor's page showed",
  dryRun: "true: says what would happen, and changes nothing",
  allowAdministrators: "true: rows may make, move, disable and enable administrators",
  companyId: "The company's id; it may be deleted",
  format: "ndjson, with every field and hash, or csv, for a spreadsheet; ndjson without it",
  from: "From this day or time on",
  to: "Up to the end of this day, or before this time",
  slug: "The company's subdomain",
  id: "The object's id",
  passkeyId: "The WebAuthn credential's id, base64url",
  "Idempotency-Key":
    "1 to 255 printable characters: with the same key the same request is carried out once within a day",
};

const problemSchema = {
  type: "object",
  required: ["type", "title", "status"],
  properties: {
    type: { type: "string", format: "uri" },
    title: { type: "string" },
    status: { type: "integer" },
    errors: {
      type: "array",
      items: {
        type: "object",
        required: ["path", "message"],
        properties: { path: { type: "string" }, message: { type: "string" } },
      },
    },
  },
};

export function openApi(routes: readonly Route[]): unknown {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Vestibule", version: "1", description: "Companies, single sign-on, groups, people and sessions." },
    servers: [{ url: "/api/v1" }],
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "OPERATOR_TOKEN or a company's token" },
      },
      schemas: { Problem: problemSchema },
    },
  };
}

function operation(route: Route) {
  const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => parameter(name ?? "", "path"));
  const inQuery = (route.query ?? []).map((name) => parameter(name, "query"));
  const conditions = isConditional(route) ? [parameter("If-Match", "header")] : [];
  if (route.method === "post") conditions.push(parameter("Idempotency-Key", "header"));
  const requestBody = bodyOf(route);
  return {
    summary: route.summary,
    description: route.access === "operator" ? "For the operator." : "For the operator and the company itself.",
    parameters: [...inPath, ...inQuery, ...conditions],
    ...(requestBody ? { requestBody } : {}),
    responses: { ...success(route), ...problems(route) },
  };
}

function isConditional({ method, unversioned, conditional }: Route): boolean {
  return method === "get" || method === "post" ? conditional === true : !unversioned;
}

function parameter(name: string, place: "path" | "query" | "header") {
  const description = PARAMETERS[name];
  return {
    name,
    in: place,
    required: place === "path",
    ...(description ? { description } : {}),
    schema: { type: name === "limit" ? "integer" : "string" },
  };
}

function schemaOf(schema: z.ZodMiniType, io: "input" | "output"): unknown {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return described;
}

function bodyOf(route: Route) {
  const bodies = Object.entries({
    ...(route.body ? { "application/json": route.body as z.ZodMiniType } : {}),
    ...route.otherBodies,
  });
  if (bodies.length === 0) return null;
  const content = bodies.map(([type, schema]) => [type, schema ? { schema: schemaOf(schema, "input") } : {}] as const);
  return { required: true, content: Object.fromEntries(content) };
}

function success(route: Route) {
  const headers = route.list || route.unversioned ? {} : { ETag: { schema: { type: "string" } } };
  if (route.files) {
    const content = Object.fromEntries(route.files.map((type) => [type, {}]));
    return { 200: { description: "The file, as it is made", headers, content } };
  }
  if (!route.view) return { 204: { description: "Done" } };
  const one = schemaOf(route.view, "output");
  const schema = route.list
    ? {
        type: "object",
        required: ["items", "nextCursor"],
        properties: { items: { type: "array", items: one }, nextCursor: { type: ["string", "null"] } },
      }
    : one;
  const status = route.method === "post" && !route.makesNothing ? 201 : 200;
  return { [status]: { description: "As it then is", headers, content: { "application/json": { schema } } } };
}

function problems(route: Route) {
  const takesBody = route.body !== undefined || route.otherBodies !== undefined;
  const statuses = [
    401,
    403,
    429,
    503,
    ...(route.problems ?? []),
    ...(route.path.includes(":") ? [404] : []),
    ...(route.query ? [400] : []),
  ];
  if (takesBody) statuses.push(400, 413, 415, 422);
  if (route.method !== "get") statuses.push(409);
  if (isConditional(route)) statuses.push(412);
  const schema = { $ref: "#/components/schemas/Problem" };
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: PROBLEMS[status], content: { "application/problem+json": { schema } } },
    ]),
  );
}
