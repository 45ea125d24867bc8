/** Documents to mutate: every construct that the reader knows, and the shapes that real messages have. */

const SIGNATURE = `<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><ds:Reference URI="#_a1"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="xs"/></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>q83vEjRWeJASNFZ4kKvN7xI0VniQEjRWeJCrze8SNFY=</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue>AAAA
BBBB</ds:SignatureValue></ds:Signature>`;

export const SEEDS: readonly string[] = [
  `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r1" Version="2.0" Destination="https://acme.example.com/sso/acs"><Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">https://sts.windows.net/1/</Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><Assertion ID="_a1" xmlns="urn:oasis:names:tc:SAML:2.0:assertion">${SIGNATURE}<Subject><NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">b.simon@contoso.com</NameID></Subject><AttributeStatement><Attribute Name="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname"><AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">Simon &amp; Söhne</AttributeValue></Attribute></AttributeStatement></Assertion></samlp:Response>`,
  `<?xml version="1.0" encoding="UTF-8" standalone="no"?>\r\n<!-- a comment -->\r\n<a:root xmlns:a="urn:a" xmlns="urn:d" xml:lang="de" b='"1"' a:c="&#x41;&lt;&#10;"  >\r\n\t<b/><c xmlns="" d="x\ty\r\nz">text ]] &gt; <![CDATA[<raw> & ]] text]]>more<!-- inside -->tail</c\n></a:root>\n<!-- end -->`,
  `<élan xmlns:p="urn:p" xmlns:q="urn:q" p:x="1" q:x="2" x="3"><p:名前 ID="one"/><q:b Id="two" xml:id="three">\u{1f600}\u0085\u2028</q:b></élan>`,
  `\ufeff<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example/"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing"/><md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/slo?a=1&amp;b=2"/></md:IDPSSODescriptor></md:EntityDescriptor>`,
];

/** Pieces that matter to a reader of XML. */
export const TOKENS: readonly string[] = [
  ..."<>&;\"'=/!?-[]#: \t\n\rxX0_.aé名\u{1f600}\u0085\u2028\u00a0\ufeff\ufffe\uffff\ufffd\0\u0001\u001f\u007f",
  ...[
    "<a>",
    "</a>",
    "<a/>",
    "<!--",
    "-->",
    "--",
    "--->",
    "<![CDATA[",
    "]]>",
    "<!DOCTYPE a>",
    "<!doctype a []>",
    "<!ENTITY x 'y'>",
  ],
  ...[
    "<?xml version='1.0'?>",
    "<?x y?>",
    "?>",
    "&amp;",
    "&lt;",
    "&gt;",
    "&quot;",
    "&apos;",
    "&x;",
    "&#0;",
    "&#65;",
    "&#x41;",
  ],
  ...[
    "&#xD800;",
    "&#x10FFFF;",
    "&#x110000;",
    "&#xFFFE;",
    "&#13;",
    "&#x0000000000000041;",
    "&#99999999999999999999;",
    "&#x;",
  ],
  ...[" xmlns='urn:z'", " xmlns=''", " xmlns:p=''", " xmlns:p='urn:p'", " xmlns:xml='urn:x'", " xmlns:xmlns='urn:x'"],
  ...[
    " xmlns:z='http://www.w3.org/XML/1998/namespace'",
    " xmlns:z='http://www.w3.org/2000/xmlns/'",
    " xmlns:é='urn:e'",
  ],
  ...[
    " xmlns:z='relative'",
    " xmlns:z='urn:a b'",
    " xmlnsx='1'",
    " p:xmlns='1'",
    " xml:id='one'",
    " ID='one'",
    " id='_r1'",
  ],
  ...[
    " a='1'",
    ' a="1"',
    " a=1",
    " a",
    " a='<'",
    " a='&'",
    " p:a='1'",
    " q:a='1'",
    " :a='1'",
    " a:='1'",
    " a:b:c='1'",
    "a:",
    ":a",
  ],
];
