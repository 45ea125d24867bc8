/** Contenders in Node: each in a process of its own, so that none changes the other's libraries, caches or heap. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { Question } from "./child.ts";
import { CONTENDERS, type ContenderName, type Proof } from "./contender.ts";
import type { Material } from "./material.ts";

/** A contender that can be asked, wherever it runs. */
export interface Stage {
  readonly name: ContenderName;
  prove(message: number): Promise<Proof>;
  /** Milliseconds. */
  run(message: number, iterations: number): Promise<number>;
}

export interface Stages {
  readonly stages: readonly Stage[];
  /** Contenders that don't run here at all, and why. */
  readonly absent: ReadonlyMap<ContenderName, string>;
  close(): Promise<void>;
}

export async function stagesInNode(material: Material): Promise<Stages> {
  const children: ChildProcess[] = [];
  const stages = await Promise.all(
    CONTENDERS.map(async (name): Promise<Stage> => {
      const child = fork(join(import.meta.dirname, "child.ts"), [name], {
        stdio: ["ignore", "ignore", "ignore", "ipc"],
      });
      children.push(child);
      const ask = <T>(question: Question) => asked<T>(child, name, question);
      await ask<null>({ material });
      return {
        name,
        prove: (message) => ask<Proof>({ message, prove: true }),
        run: (message, iterations) => ask<number>({ message, iterations }),
      };
    }),
  );
  return {
    stages,
    absent: new Map(),
    async close() {
      for (const child of children) child.disconnect();
      await Promise.all(children.map((child) => new Promise((resolve) => child.once("exit", resolve))));
    },
  };
}

function asked<T>(child: ChildProcess, name: string, question: Question): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error(`${name} ended`));
    child.once("exit", ended);
    child.once("message", (answer: { value: T } | { error: string }) => {
      child.off("exit", ended);
      if ("error" in answer) reject(new Error(`${name}: ${answer.error}`));
      else resolve(answer.value);
    });
    child.send(question);
  });
}
