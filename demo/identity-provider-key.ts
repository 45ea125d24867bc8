/** The stand-in's signing key. Kept in the state folder, so that the certificate the company pinned stays the right one from start to start. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type KeyPair, keyPair } from "../test/support/messages/keys.ts";

const FILE = "identity-provider-key.json";

export async function signingKeyIn(stateFolder: string): Promise<KeyPair> {
  const path = join(stateFolder, FILE);
  try {
    const { spki, pkcs8, ...rest } = JSON.parse(await readFile(path, "utf8")) as Record<keyof KeyPair, never>;
    return { ...rest, spki: fromBase64(spki), pkcs8: fromBase64(pkcs8) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const pair = await keyPair("RSA-2048", "Stand-in for Microsoft Entra ID");
  await mkdir(stateFolder, { recursive: true });
  const text = JSON.stringify({ ...pair, spki: toBase64(pair.spki), pkcs8: toBase64(pair.pkcs8) });
  await writeFile(path, text, { mode: 0o600 });
  return pair;
}

const toBase64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const fromBase64 = (text: string) => Uint8Array.from(Buffer.from(text, "base64"));
