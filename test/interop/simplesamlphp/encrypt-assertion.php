<?php

// A Response on standard input with a signed assertion in the clear; on standard output the same with that assertion encrypted by
// xmlseclibs, which is what SimpleSAMLphp encrypts with (it offers administrators one algorithm only: this offers them all).
// Arguments: content encryption, key transport, and our certificate in base64.

use RobRichards\XMLSecLibs\XMLSecEnc;
use RobRichards\XMLSecLibs\XMLSecurityKey;

require_once '/usr/share/simplesamlphp/lib/_autoload.php';

[, $contentEncryption, $keyTransport, $certificate] = $argv;
const SAML = 'urn:oasis:names:tc:SAML:2.0:assertion';

$response = new DOMDocument();
$response->loadXML(stream_get_contents(STDIN));
$assertion = $response->getElementsByTagNameNS(SAML, 'Assertion')->item(0);

// On its own, with every namespace that it uses.
$plain = new DOMDocument();
$plain->loadXML($assertion->C14N(true, false));

$publicKey = new XMLSecurityKey($keyTransport, ['type' => 'public']);
$publicKey->loadKey("-----BEGIN CERTIFICATE-----\n" . chunk_split($certificate, 64) . "-----END CERTIFICATE-----\n");
$sessionKey = new XMLSecurityKey($contentEncryption);
$sessionKey->generateSessionKey();

$encryption = new XMLSecEnc();
$encryption->setNode($plain->documentElement);
$encryption->type = XMLSecEnc::Element;
$encryption->encryptKey($publicKey, $sessionKey);
$encrypted = $encryption->encryptNode($sessionKey, false);

$element = $response->createElementNS(SAML, 'saml:EncryptedAssertion');
$element->appendChild($response->importNode($encrypted, true));
$assertion->parentNode->replaceChild($element, $assertion);
echo $response->saveXML($response->documentElement);
