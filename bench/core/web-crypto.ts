/** The floor: one RSA-2048 verification over a SignedInfo of that size, and nothing else. It knows no claims. */
import type { Prepare } from "./contender.ts";
import { EMAIL } from "./material.ts";

const ALGORITHM = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

export const prepare: Prepare = async ({ idp, floor }) => {
  const key = await crypto.subtle.importKey("spki", Buffer.from(idp.spki, "base64"), ALGORITHM, false, ["verify"]);
  const signedInfo = Uint8Array.from(Buffer.from(floor.signedInfo, "base64"));
  const other = Uint8Array.from(signedInfo);
  other[other.length - 1] = 0;
  const value = Uint8Array.from(Buffer.from(floor.signatureValue, "base64"));
  return (message) => async (samlResponse) => {
    const octets = samlResponse === message.tampered ? other : signedInfo;
    if (!(await crypto.subtle.verify(ALGORITHM, key, value, octets))) throw new Error("signature");
    return EMAIL;
  };
};
