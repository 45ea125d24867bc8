/** A company's path rules as they come in: which may stand, and which could be misread. */
import * as z from "zod";
import { isRulePath } from "../tenant/index.ts";
import { exactText } from "./fields.ts";

export const PATH_RULES_MAX = 50;
export const RULE_PATH_CHARS_MAX = 500;

export const pathRule = z.strictObject({
  path: exactText(RULE_PATH_CHARS_MAX).refine(
    isRulePath,
    "Must be a plain path such as /docs or /docs/*, not below /sso, without query, encoded ASCII, empty or dotted segments",
  ),
  access: z.enum(["session", "optional", "public"]),
  unauthenticated: z.enum(["signIn", "401"]).default("signIn"),
  preflight: z.boolean().default(false),
});

export const pathRules = z
  .array(pathRule)
  .max(PATH_RULES_MAX)
  .refine((rules) => new Set(rules.map(({ path }) => path)).size === rules.length, "Must name each path once");
