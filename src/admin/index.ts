/**
 * ADMIN: what operators and companies do to the gateway's own records. Functions that answer with the object or a problem, and
 * the REST API (`rest/`), the companies' console (`console/`) and the operator's (`operator/`) over them; and what the schedule does for
 * administrators. Every change is written with its audit record. Refuses to know how people sign in.
 */
export { consoleRoutes } from "./console/index.ts";
export { followMetadata } from "./follow-metadata.ts";
export { operationHost } from "./operation.ts";
export { operatorRoutes } from "./operator/index.ts";
export { adminRoutes } from "./rest/index.ts";
