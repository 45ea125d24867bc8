/**
 * The vocabulary of the protocol: namespaces, URNs and algorithm identifiers in the standards' own spelling,
 * and every limit that the readers of SAML messages keep. Nothing here decides anything.
 */

/** Namespaces: SAML Core 1.2, XML-DSig 1.1, XML-Enc 1.1, SAML Metadata 1.1. */
export const NS = {
  samlp: "urn:oasis:names:tc:SAML:2.0:protocol",
  saml: "urn:oasis:names:tc:SAML:2.0:assertion",
  md: "urn:oasis:names:tc:SAML:2.0:metadata",
  ds: "http://www.w3.org/2000/09/xmldsig#",
  dsig11: "http://www.w3.org/2009/xmldsig11#",
  xenc: "http://www.w3.org/2001/04/xmlenc#",
  xenc11: "http://www.w3.org/2009/xmlenc11#",
  ec: "http://www.w3.org/2001/10/xml-exc-c14n#",
  xml: "http://www.w3.org/XML/1998/namespace",
  xmlns: "http://www.w3.org/2000/xmlns/",
} as const;

/** SAML Bindings 3.4, 3.5. */
export const BINDING = {
  redirect: "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
  post: "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
} as const;

/** SAML Core 3.2.2.2. */
export const STATUS_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success";

/** SAML Profiles 3.3. */
export const CONFIRMATION_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

/** SAML Core 8.3: the formats that the gateway asks for; the first is Microsoft's tutorial's. */
export const NAME_ID_FORMAT = {
  emailAddress: "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
  unspecified: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
  persistent: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
  transient: "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
} as const;

/** XML-DSig 6.5, Exc-C14N 4. The forms with comments are known to the canonicaliser and refused by the signature profile. */
export const C14N = {
  exclusive: "http://www.w3.org/2001/10/xml-exc-c14n#",
  exclusiveWithComments: "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
  inclusive: "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
  inclusiveWithComments: "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
} as const;

export const TRANSFORM_ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/** RFC 9231 2.1, XML-Enc 5.8. SHA-1 only where a company's settings say so. */
export const DIGEST = {
  sha1: "http://www.w3.org/2000/09/xmldsig#sha1",
  sha256: "http://www.w3.org/2001/04/xmlenc#sha256",
  sha384: "http://www.w3.org/2001/04/xmldsig-more#sha384",
  sha512: "http://www.w3.org/2001/04/xmlenc#sha512",
} as const;

/** RFC 9231 2.3. */
export const SIGNATURE = {
  rsaSha1: "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
  rsaSha256: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
  rsaSha384: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
  rsaSha512: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
  rsaPssSha256: "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
  rsaPssSha384: "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1",
  rsaPssSha512: "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1",
  ecdsaSha256: "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
  ecdsaSha384: "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
  ecdsaSha512: "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
} as const;

/** XML-Enc 1.1, 5.2: block encryption. */
export const CONTENT_ENCRYPTION = {
  aes128Cbc: "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
  aes192Cbc: "http://www.w3.org/2001/04/xmlenc#aes192-cbc",
  aes256Cbc: "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
  aes128Gcm: "http://www.w3.org/2009/xmlenc11#aes128-gcm",
  aes192Gcm: "http://www.w3.org/2009/xmlenc11#aes192-gcm",
  aes256Gcm: "http://www.w3.org/2009/xmlenc11#aes256-gcm",
} as const;

/** XML-Enc 1.1, 5.5: key transport. The first one's mask is always made with SHA-1. */
export const KEY_TRANSPORT = {
  rsaOaepMgf1p: "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
  rsaOaep: "http://www.w3.org/2009/xmlenc11#rsa-oaep",
} as const;

/** XML-Enc 1.1, 5.5.2: mask generation of rsa-oaep. */
export const MASK_GENERATION = {
  sha1: "http://www.w3.org/2009/xmlenc11#mgf1sha1",
  sha256: "http://www.w3.org/2009/xmlenc11#mgf1sha256",
  sha384: "http://www.w3.org/2009/xmlenc11#mgf1sha384",
  sha512: "http://www.w3.org/2009/xmlenc11#mgf1sha512",
} as const;

/** Decoded message: Entra's largest (150 groups) is 15 KB; 256 KiB leaves room and bounds the work before verification. */
export const SAML_MESSAGE_BYTES_MAX = 262_144;
/** Base64 with line breaks of the above. */
export const SAML_MESSAGE_BASE64_CHARS_MAX = 360_448;
/** IdP metadata: federations' files are larger, one IdP's never. */
export const METADATA_BYTES_MAX = 1_048_576;
export const XML_DEPTH_MAX = 50;
export const XML_ELEMENTS_MAX = 10_000;
export const XML_ATTRIBUTES_PER_ELEMENT_MAX = 50;
/** OpenSAML declares two prefixes on every attribute value: as many values as fit into a message. */
export const XML_NAMESPACE_DECLARATIONS_MAX = 3_000;
/** Exclusive canonicalisation may write a namespace URI once an element: a long one would make a small message large. */
export const XML_NAMESPACE_URI_CHARS_MAX = 256;
/** SAML Bindings 3.4.3, 3.5.3. */
export const RELAY_STATE_BYTES_MAX = 80;
/** Sign-in with MFA takes minutes. */
export const AUTHN_REQUEST_LIFETIME_SECONDS = 900;
