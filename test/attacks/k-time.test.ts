/** Group K, second part: signed by the right key, and not now. Rules R21, R22, R25. */
import { NOW } from "../support/messages/scene.ts";
import { cut, drop, putAfter, swap } from "../support/messages/surgery.ts";
import { assertion, conditions, confirmation, data, describeRows, HOUR, iso, type Row } from "./recipes.ts";

const ROWS: readonly Row[] = [
  // Time
  [
    "K25 Conditions NotOnOrAfter two hours ago",
    "conditions_expired",
    conditions((c) => swap(c, /NotBefore="[^"]*" NotOnOrAfter="[^"]*"/, `NotOnOrAfter="${iso(NOW - 2 * HOUR)}"`)),
  ],
  [
    "K26 Conditions NotBefore in two hours",
    "conditions_not_yet_valid",
    conditions((c) => swap(c, /NotBefore="[^"]*" NotOnOrAfter="[^"]*"/, `NotBefore="${iso(NOW + 2 * HOUR)}"`)),
  ],
  [
    "K27 SubjectConfirmationData NotOnOrAfter two hours ago",
    "subject_confirmation_expired",
    { confirmationNotOnOrAfter: NOW - 2 * HOUR },
  ],
  [
    "K28 SubjectConfirmationData without NotOnOrAfter",
    "subject_confirmation_expired",
    { confirmationNotOnOrAfter: null },
  ],
  [
    "K29 bearer SubjectConfirmationData with NotBefore in the future",
    "subject_confirmation_not_before",
    confirmation(() => data({ NotBefore: iso(NOW + HOUR) })),
  ],
  [
    "K29 bearer SubjectConfirmationData with NotBefore in the past",
    "subject_confirmation_not_before",
    confirmation(() => data({ NotBefore: iso(NOW - HOUR) })),
  ],
  ...[
    "never",
    "",
    "0",
    "NaN",
    "Infinity",
    "2026-11-20",
    "2026-11-20T10:00:00",
    "2026-11-20 10:00:00Z",
    "2026-11-20T25:00:00Z",
    "2026-11-31T10:00:00Z",
    "2026-11-20T10:00:00z",
    "20261120T100000Z",
    "+002026-11-20T10:00:00Z",
    "2026-11-20T10:00:00Z ",
    "1795170000",
    "２０２６-11-20T10:00:00Z",
    "2026-11-20T24:00:00Z",
    "Fri, 20 Nov 2026 10:00:00 GMT",
    "2026-11-20T10:00:00+01:00",
    "99999-11-20T10:00:00Z",
  ].flatMap((text): Row[] => [
    [
      `K30 Conditions NotOnOrAfter is ${JSON.stringify(text)}`,
      ["time_invalid", "conditions_expired"],
      conditions((c) => swap(c, /NotOnOrAfter="[^"]*"/, `NotOnOrAfter="${text}"`)),
    ],
    [
      `K30 Conditions NotBefore is ${JSON.stringify(text)}`,
      ["time_invalid"],
      conditions((c) => swap(c, /NotBefore="[^"]*"/, `NotBefore="${text}"`)),
    ],
    [
      `K30 SubjectConfirmationData NotOnOrAfter is ${JSON.stringify(text)}`,
      ["time_invalid"],
      confirmation(() => data({ NotOnOrAfter: text })),
    ],
    [
      `K31 IssueInstant of the assertion is ${JSON.stringify(text)}`,
      ["time_invalid"],
      assertion((x) => swap(x, /IssueInstant="[^"]*"/, `IssueInstant="${text}"`)),
    ],
    [
      `K31 AuthnInstant is ${JSON.stringify(text)}`,
      ["time_invalid"],
      assertion((x) => swap(x, /AuthnInstant="[^"]*"/, `AuthnInstant="${text}"`)),
    ],
    [
      `K31 SessionNotOnOrAfter is ${JSON.stringify(text)}`,
      ["time_invalid", "session_not_on_or_after_passed"],
      assertion((x) => swap(x, "<AuthnStatement ", `<AuthnStatement SessionNotOnOrAfter="${text}" `)),
    ],
  ]),
  [
    "K32 expired two hours ago, written with an offset of -12:00",
    "time_invalid",
    conditions((c) => swap(c, /NotOnOrAfter="[^"]*"/, `NotOnOrAfter="${iso(NOW - 14 * HOUR).replace("Z", "-12:00")}"`)),
  ],
  [
    "K32 the same in SubjectConfirmationData",
    "time_invalid",
    confirmation(() => data({ NotOnOrAfter: iso(NOW + 10 * HOUR).replace("Z", "+12:00") })),
  ],
  [
    "K33 NotBefore after NotOnOrAfter",
    "time_invalid",
    { notBefore: NOW + HOUR, notOnOrAfter: NOW - HOUR, confirmationNotOnOrAfter: NOW + HOUR },
  ],
  ["K34 no Conditions at all", "conditions_missing", assertion((x) => drop(x, cut(x, "Conditions")))],
  ["K34 two Conditions", "schema_invalid", assertion((x) => putAfter(x, "</Conditions>", cut(x, "Conditions")))],
];

describeRows("K: times", ROWS);
