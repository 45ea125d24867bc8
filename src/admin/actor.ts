/** Who changes something, and the record that every change leaves. */
import type { Services } from "../context.ts";
import { type AuditRecord, newId } from "../store/index.ts";

/** The operator may do everything; a token, what its company may. */
export type Actor =
  | { readonly kind: "operator" }
  | { readonly kind: "token"; readonly companyId: string; readonly tokenId: string };

export function actorName(actor: Actor): string {
  return actor.kind === "operator" ? "operator" : `token:${actor.tokenId}`;
}

/** `before` and `after` are views of this folder, which hold no secrets. */
export function auditRecord(
  services: Services,
  actor: Actor,
  companyId: string,
  change: Pick<AuditRecord, "action" | "resource" | "resourceId" | "before" | "after">,
): AuditRecord {
  return { ...change, id: newId(), companyId, at: services.now(), actor: actorName(actor) };
}
