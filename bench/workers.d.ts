/** The contenders' types bring the DOM's along, which hide what Workers add to WebCrypto. */
interface SubtleCrypto {
  timingSafeEqual(a: ArrayBuffer | ArrayBufferView, b: ArrayBuffer | ArrayBufferView): boolean;
}
