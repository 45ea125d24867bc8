<?php

// The service providers: what our own published metadata said, as SimpleSAMLphp's parser understood it (read-metadata.php), and over
// it what a test wants this identity provider to do differently for that one.

foreach (glob(getenv('INTEROP_STATE') . '/service-providers/*.json') as $file) {
    $stated = json_decode(file_get_contents($file), true, 64, JSON_THROW_ON_ERROR);
    $metadata[$stated['metadata']['entityid']] = $stated['options'] + $stated['metadata'];
}
