/**
 * Stands in the Worker where xmldsigjs imports pvtsutils (scripts/build.ts): the few conversions that it makes,
 * without the dozens that it doesn't. test/saml/few-pvtsutils.test.ts holds it against the original.
 */
import { Buffer } from "node:buffer";

type Octets = ArrayBuffer | Uint8Array<ArrayBuffer>;

const bufferOf = (octets: Octets) =>
  octets instanceof ArrayBuffer
    ? Buffer.from(octets)
    : Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);

export const Convert = {
  FromBase64: (text: string): ArrayBuffer => Uint8Array.from(Buffer.from(text, "base64")).buffer,
  ToBase64: (octets: Octets): string => bufferOf(octets).toString("base64"),
  ToString: (octets: Octets, encoding: "base64"): string => bufferOf(octets).toString(encoding),
  ToUtf8String: (octets: Octets): string => bufferOf(octets).toString(),
};

export const BufferSourceConverter = {
  isBufferSource: (value: unknown): boolean => value instanceof ArrayBuffer || ArrayBuffer.isView(value),
  toArrayBuffer: (octets: Octets): ArrayBuffer => BufferSourceConverter.toUint8Array(octets).slice().buffer,
  toUint8Array: (octets: Octets): Uint8Array<ArrayBuffer> =>
    octets instanceof ArrayBuffer ? new Uint8Array(octets) : octets,
};
