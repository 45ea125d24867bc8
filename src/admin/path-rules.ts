/** A company's path rules as they come in: which may stand, and which could be misread. */
import * as z from "zod/mini";
import { isRulePath } from "../tenant/index.ts";
import { exactText } from "./fields.ts";

export const PATH_RULES_MAX = 50;
export const RULE_PATH_CHARS_MAX = 500;

export const pathRule = z.strictObject({
  path: exactText(RULE_PATH_CHARS_MAX).check(
    z.refine(
      isRulePath,
      "Must be a plain path such as /docs or /docs/*, not below /sso, without query, encoded ASCII, empty or dotted segments",
    ),
  ),
  access: z.enum(["session", "optional", "public"]),
  unauthenticated: z._default(z.enum(["signIn", "401"]), "signIn"),
  preflight: z._default(z.boolean(), false),
});

export const pathRules = z.array(pathRule).check(
  z.maxLength(PATH_RULES_MAX),
  z.refine((rules) => new Set(rules.map(({ path }) => path)).size === rules.length, "Must name each path once"),
);
