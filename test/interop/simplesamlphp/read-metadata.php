<?php

// Our metadata on standard input, SimpleSAMLphp's understanding of it as a service provider's, in JSON, on standard output.

require_once '/usr/share/simplesamlphp/lib/_autoload.php';

$provider = SimpleSAML\Metadata\SAMLParser::parseString(stream_get_contents(STDIN))->getMetadata20SP();
if ($provider === null) {
    fwrite(STDERR, "no SAML 2.0 service provider in this metadata\n");
    exit(1);
}
// The document itself, in base64: nothing that the identity provider acts on.
unset($provider['entityDescriptor']);
echo json_encode($provider, JSON_THROW_ON_ERROR);
