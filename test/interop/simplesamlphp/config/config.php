<?php

// Settings of the SimpleSAMLphp that the tests start. What differs from run to run comes in the environment: the address, and a folder
// of the run's own for keys, sessions and the log. What isn't said here is SimpleSAMLphp's default.

$state = getenv('INTEROP_STATE');

$config = [
    'baseurlpath' => getenv('INTEROP_BASE_URL'),
    'certdir' => "$state/cert/",
    'loggingdir' => "$state/log/",
    'datadir' => "$state/data/",
    'tempdir' => "$state/tmp",
    'metadatadir' => __DIR__ . '/../metadata',
    'attributenamemapdir' => '/usr/share/simplesamlphp/config/attributemap/',
    'secretsalt' => 'salt-of-the-interoperability-tests',
    'auth.adminpassword' => 'not-used-and-never-asked-for',
    'timezone' => 'UTC',

    'logging.level' => SimpleSAML\Logger::INFO,
    'logging.handler' => 'file',
    'showerrors' => true,
    'errorreporting' => false,
    'admin.checkforupdates' => false,

    'enable.saml20-idp' => true,
    'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],

    // The browser of the tests reaches it by plain http on loopback.
    'session.cookie.secure' => false,
    'session.cookie.samesite' => null,
    'session.phpsession.savepath' => "$state/sessions",
    'store.type' => 'phpsession',
    'language.default' => 'en',
    'language.cookie.secure' => false,
    'language.cookie.samesite' => null,

    // Where a LogoutResponse or an error may send the browser.
    'trusted.url.domains' => null,
    'metadata.sources' => [['type' => 'flatfile']],
];
