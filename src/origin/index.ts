/**
 * ORIGIN: every path of a company host that isn't the gateway's own. Owns what of a request reaches the origin, what of its
 * answer reaches the visitor, and the proof of identity that goes with it. Refuses to know how anybody signs in.
 */
export { jwks } from "./jwks.ts";
export { KEPT_POST_BYTES_MAX, KEPT_POST_MINUTES, KEPT_POST_PATH } from "./kept-post.ts";
export { ORIGIN_HEADERS_TIMEOUT_MS, type Passage, passToOrigin, proxyToOrigin } from "./proxy.ts";
export { showKeptPost, throwAwayKeptPost } from "./resend.ts";
export { suspendedCompany } from "./suspended.ts";
