/**
 * ADMIN: what operators and companies do to the gateway's own records. Functions that answer with the object or a problem, and
 * the REST API over them (`rest/`). Every change is written with its audit record. Refuses to know sign-ins and sessions' cookies.
 */
export { adminRoutes } from "./rest/index.ts";
