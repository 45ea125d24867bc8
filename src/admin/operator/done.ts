/** What a page says of the change that led to it. */

const SENTENCES: Readonly<Record<string, string>> = {
  saved: "The company is saved. It is in force everywhere within a minute.",
  suspended: "The company is suspended: within a minute nobody gets in.",
  active: "The company is active again.",
  deleted: "The company was deleted with everything of it but its audit.",
  revoked: "The link was revoked. It opens nothing from now on.",
  "token-deleted": "The token was deleted. It opens nothing from now on.",
};

export function doneSentence(code: string | null): string | null {
  return code !== null && Object.hasOwn(SENTENCES, code) ? SENTENCES[code]! : null;
}
