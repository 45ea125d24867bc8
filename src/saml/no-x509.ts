/**
 * Stands in the Worker where xmldsigjs imports pkijs and asn1js (scripts/build.ts): for X.509 out of KeyInfo, which
 * this core never reads, and to tell pkijs of WebCrypto. What would be reached only by trusting a message is not there to be reached.
 */

export class Certificate {
  constructor() {
    throw new Error("no certificate is read from a message");
  }
}

export function fromBER(): never {
  throw new Error("no certificate is read from a message");
}

export class CryptoEngine {}

export function setEngine(): void {}
