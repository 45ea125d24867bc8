/** Addresses within the console, and the way out of it to sign in. All are paths: the host may be a proxy's. */
import { CONSOLE_PATH, type Visit } from "./console.ts";

export const SETTINGS_PATH = `${CONSOLE_PATH}/settings`;
export const SETUP_PATH = `${CONSOLE_PATH}/setup`;
export const DRAFT_PATH = `${CONSOLE_PATH}/draft`;
export const VERSIONS_PATH = `${CONSOLE_PATH}/versions`;
export const METADATA_PATH = `${CONSOLE_PATH}/metadata`;
export const KEYS_PATH = `${CONSOLE_PATH}/keys`;
export const USERS_PATH = `${CONSOLE_PATH}/users`;
export const INVITATIONS_PATH = `${CONSOLE_PATH}/invitations`;
export const GROUPS_PATH = `${CONSOLE_PATH}/groups`;
export const SESSIONS_PATH = `${CONSOLE_PATH}/sessions`;
export const SIGN_INS_PATH = `${CONSOLE_PATH}/sign-ins`;
export const EXPLAIN_PATH = `${CONSOLE_PATH}/explain`;
export const AUDIT_PATH = `${CONSOLE_PATH}/audit`;
export const PATHS_PATH = `${CONSOLE_PATH}/paths`;
export const ORIGIN_PATH = `${CONSOLE_PATH}/origin`;
export const BRANDING_PATH = `${CONSOLE_PATH}/branding`;
export const TOKENS_PATH = `${CONSOLE_PATH}/tokens`;

/** Without single sign-on there is only the password. */
export function signInPath(singleSignOn: boolean, target: string): string {
  return `${singleSignOn ? "/sso/login" : "/sso/local"}?return_to=${encodeURIComponent(target)}`;
}

export function signInAgainPath(visit: Visit, target: string): string {
  return signInPath(visit.tenant.saml !== null, target);
}
