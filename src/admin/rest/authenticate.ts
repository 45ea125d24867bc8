/** Who is calling: the operator by OPERATOR_TOKEN, or a company by one of its tokens (RFC 6750, section 2.1: the header, nothing else). */
import type { Services } from "../../context.ts";
import { findTokenByHash } from "../../store/index.ts";
import type { Actor } from "../actor.ts";
import { type Answer, answer, fail } from "../problems.ts";
import { isOperatorToken, secretSha256 } from "../tokens.ts";

/** Longer than any secret of ours; bounds what is hashed. */
const BEARER_CHARS_MAX = 512;

export async function authenticate(services: Services, authorization: string | undefined): Promise<Answer<Actor>> {
  if (authorization === undefined) return unauthorized("");
  const secret = secretIn(authorization);
  if (secret === null) return unauthorized(INVALID);
  if (isOperatorToken(services.config, secret)) return answer({ kind: "operator" });
  const found = await findTokenByHash(services.database, secretSha256(secret));
  if (found === null) return unauthorized(INVALID);
  const { companyId, token } = found;
  if (token.expiresAt !== null && token.expiresAt <= services.now()) return unauthorized(INVALID);
  return answer({ kind: "token", companyId, tokenId: token.id });
}

function secretIn(authorization: string): string | null {
  const secret = /^bearer +([\w.~+/-]+=*)$/i.exec(authorization)?.[1];
  return secret === undefined || secret.length > BEARER_CHARS_MAX ? null : secret;
}

/** Asks no database. */
export function isOperatorsOwn(services: Services, authorization: string | undefined): boolean {
  const secret = secretIn(authorization ?? "");
  return secret !== null && isOperatorToken(services.config, secret);
}

const INVALID = ', error="invalid_token"';

function unauthorized(reason: string) {
  return fail({
    status: 401,
    type: "unauthorized",
    title: "This needs a bearer token that is valid",
    headers: { "www-authenticate": `Bearer realm="vestibule"${reason}` },
  });
}
