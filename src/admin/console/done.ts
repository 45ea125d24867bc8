/** What a page says of the change that led to it: a code in the address, one sentence here. Nothing else can be said that way. */
import { seeOther } from "../frame/index.ts";

const SENTENCES = {
  "settings-saved":
    "The single sign-on settings are saved. They are in force everywhere within a minute. Next: sign in once in a private window.",
  "metadata-read":
    "The settings were taken from the metadata and are in force. Next: say who may sign in, under Just-In-Time provisioning.",
  "key-published": "The next key pair is published. Let your provider learn it before you put it in use.",
  "key-activated": "The key pair is in use everywhere within a minute.",
  "key-retired": "The key pair is retired and leaves the metadata within a minute.",
  "draft-saved": "The draft is saved. Nothing has changed for anybody yet.",
  "draft-applied": "The settings are in force everywhere within a minute.",
  "draft-discarded": "The draft is discarded. What is in force stays.",
  "metadata-drafted": "A draft was made from the metadata. What is your choice stayed as it was.",
  "metadata-followed": "The address is followed. What a first look gave stands below.",
  "metadata-stopped": "The address is followed no more. What is trusted stays so.",
  "metadata-looked": "We looked at the address. What came of it stands below.",
  "certificate-trusted": "The certificate is trusted everywhere within a minute.",
  "certificate-dismissed": "The certificate is announced no more.",
  "version-drafted": "The draft is that version now. Nothing has changed for anybody yet.",
  "branding-saved": "The name and look are saved. All pages show them within a minute.",
  "group-created": "The permission group was created.",
  "group-saved": "The permission group is saved.",
  "group-deleted": "The permission group was deleted.",
  "user-created": "The user was created.",
  "user-saved": "The user is saved.",
  "user-disabled": "The user is disabled, and signed out everywhere within a minute.",
  "user-enabled": "The user may sign in again.",
  "user-deleted": "The user was deleted, and is signed out everywhere within a minute.",
  "sessions-ended": "The user is signed out everywhere within a minute.",
  "invitation-revoked": "The link was revoked. It opens nothing from now on.",
  "session-ended": "The session ends within a minute.",
  "passkey-removed": "The passkey is removed. It signs nobody in from now on.",
  "sessions-saved": "The limits of sessions are saved. They are in force everywhere within a minute.",
  "export-refused": "There was no such export.",
  "log-saved": "The log keeps this from now on.",
  "token-deleted": "The token was deleted. It opens nothing from now on.",
  "paths-saved": "The path rules are saved. They are in force everywhere within a minute.",
  "cache-saved": "The cache is switched. That is in force everywhere within a minute.",
  "cache-purged": "The cache is empty everywhere within a minute.",
} as const;

export type DoneCode = keyof typeof SENTENCES;

export function doneSentence(code: string | null): string | null {
  return code !== null && Object.hasOwn(SENTENCES, code) ? SENTENCES[code as DoneCode] : null;
}

export function leadTo(path: string, done: DoneCode): Response {
  return seeOther(path, done);
}
