<?php

// The people that can sign in: "name:password" and what is known of them.

$config = [
    'people' => [
        'exampleauth:UserPass',
        'bsimon:correct horse' => [
            'uid' => 'bsimon',
            'mail' => 'b.simon@acme.example',
            'givenName' => 'Bérengère',
            'sn' => 'Simon',
            'displayName' => 'Bérengère "B." Simon & Söhne <Paris>',
            'eduPersonAffiliation' => ['member', 'staff'],
        ],
        'zoe:battery staple' => [
            'uid' => 'zoe',
            'mail' => 'Zoe.Okafor@acme.example',
            'givenName' => 'Zoë',
            'sn' => '岡本 😀',
            'displayName' => "line one\nline two\ttab",
            'eduPersonAffiliation' => ['member', 'admins'],
        ],
        'nomail:no address' => [
            'uid' => 'nomail',
            'givenName' => 'No',
            'sn' => 'Address',
        ],
    ],
];
