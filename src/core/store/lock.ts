/**
 * One process per part of a `data_dir`: the worker's files (offsets, dead letters, inventories), or the server's (journal, audit
 * log, approvals, runs). `akonis run` holds both; `serve` and `worker` one each, and so may run beside each other. A lock is held
 * by two things that the kernel takes back when the process ends, however it ends, so that there is no stale lock to clear
 * after `kill -9` and no process id to misread in a container.
 *
 * `lock.socket` is a listening socket: a process that can connect to it knows that another one holds the folder. It cannot be
 * opened as a file, so nothing in this process can release it by mistake. `lock` is a SQLite file in an exclusive transaction: it
 * makes two starts at the same moment take turns, and it locks on what other machines mount as well. By itself it would
 * not do: POSIX drops all of a process's locks on a file as soon as that process closes any descriptor of it.
 */
import { accessSync, chmodSync, closeSync, constants, lstatSync, openSync, statSync, unlinkSync } from "node:fs"
import { connect, createServer, type Server } from "node:net"
import { DatabaseSync } from "node:sqlite"
import { Effect, type Scope } from "effect"
import { StoreError } from "../errors.ts"
import { folder_watch } from "./limits.ts"

/** The files of a data folder that one process at a time writes. */
export type FolderPart = "work" | "serve"

/** The file that is locked; its socket lies beside it. */
const files = { work: "lock", serve: "serve.lock" } as const satisfies Record<FolderPart, string>

export interface FolderLock {
  /** Whether the folder is still the one that was locked: `gone`, or `replaced` by another of its name. */
  readonly state: () => "held" | "gone" | "replaced"
}

/**
 * Locks parts of a folder, the worker's unless told; held until the scope closes. Fails with `locked` when another process has
 * one of them, with `unwritable` when this user cannot lock it.
 */
export const lockFolder = Effect.fnUntraced(function* (
  folder: string,
  parts: readonly FolderPart[] = ["work"],
): Effect.fn.Return<FolderLock, StoreError, Scope.Scope> {
  const locks = yield* Effect.forEach(parts, (part) => lockPart(folder, part))
  return {
    state: () => {
      const states = locks.map((lock) => lock.state())
      return states.find((state) => state === "gone") ?? states.find((state) => state === "replaced") ?? "held"
    },
  }
})

const lockPart = Effect.fnUntraced(function* (
  folder: string,
  part: FolderPart,
): Effect.fn.Return<FolderLock, StoreError, Scope.Scope> {
  const file = `${folder}/${files[part]}`
  yield* Effect.acquireRelease(
    Effect.try({ try: () => openLocked(file, "owner"), catch: (error) => refusal(folder, part, error) }),
    (database) => Effect.sync(() => database.close()),
  )
  const path = `${file}.socket`
  if (yield* isAnswered(path)) return yield* taken(folder, part)
  const server = yield* Effect.acquireRelease(listenAt(folder, part, path), (held) =>
    held === undefined ? Effect.void : release(path, held),
  )
  const identity = identityOf(folder)
  return {
    state: () => {
      const now = identityOf(folder)
      if (now === undefined) return "gone"
      const is_ours = now === identity && (server === undefined || identityOf(path) === server.identity)
      return is_ours ? "held" : "replaced"
    },
  }
})

/**
 * Opens a SQLite file, made where there is none, in an exclusive transaction, which locks it until it is closed. Throws where another process
 * has it ({@link isBusy}), and when the file may not be written, or `by` its owner only and we are another user: SQLite would open such a
 * file, and lock nobody out.
 */
export const openLocked = (path: string, by: "owner" | "anybody"): DatabaseSync => {
  closeSync(openSync(path, "a", 0o600))
  accessSync(path, constants.R_OK | constants.W_OK)
  const { uid, mode } = statSync(path)
  const me = process.geteuid?.() ?? uid
  if (by === "owner" && uid !== me) throw new Error(`${path} belongs to the user ${uid}, this process to ${me}`)
  if ((mode & 0o200) === 0) throw new Error(`${path} is read-only`)
  if ((mode & 0o077) !== 0 && uid === me) chmodSync(path, 0o600)
  const database = new DatabaseSync(path)
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE")
  } catch (error) {
    database.close()
    throw error
  }
  return database
}

/** Whether a living process listens there. Only "nobody listens" is taken for an answer; anything else counts as somebody. */
const isAnswered = (path: string): Effect.Effect<boolean> =>
  Effect.callback<boolean>((resume) => {
    const socket = connect(path)
    const end = (answered: boolean) => {
      socket.destroy()
      resume(Effect.succeed(answered))
    }
    socket.once("connect", () => end(true))
    socket.once("error", ({ code = "" }: NodeJS.ErrnoException) => end(!nobody.has(code)))
    return Effect.sync(() => socket.destroy())
  }).pipe(Effect.timeoutOrElse({ duration: folder_watch.answer_ms_max, orElse: () => Effect.succeed(true) }))

const nobody = new Set(["ENOENT", "ECONNREFUSED", "ENOTSOCK", "ENOTDIR", "ENAMETOOLONG", "EINVAL"])

interface Held {
  readonly server: Server
  readonly identity: string | undefined
}

/** `undefined` where the file system carries no sockets: the SQLite file is then all there is, and that is logged. */
const listenAt = (folder: string, part: FolderPart, path: string): Effect.Effect<Held | undefined, StoreError> =>
  Effect.gen(function* () {
    yield* Effect.try({ try: () => removeStale(path), catch: (error) => refusal(folder, part, error) })
    return yield* Effect.callback<Held, NodeJS.ErrnoException>((resume) => {
      // Being able to connect is all that the other process wants to know.
      const server = createServer((socket) => socket.destroy())
      server.once("error", (error) => resume(Effect.fail(error)))
      server.listen(path, () => {
        server.unref()
        chmodSync(path, 0o600)
        resume(Effect.succeed({ server, identity: identityOf(path) }))
      })
    }).pipe(
      Effect.catch((error) =>
        Effect.as(
          Effect.logWarning(
            `${path} cannot be made (${error.code ?? error.message}): on this file system only ${folder}/${files[part]} keeps a second process out`,
          ),
          undefined,
        ),
      ),
    )
  })

const removeStale = (path: string): void => {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) unlinkSync(path)
}

/** Closing removes the socket's name, which by now may be somebody else's: then it stays open until the process ends. */
const release = (path: string, { server, identity }: Held): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (identityOf(path) !== identity) return resume(Effect.void)
    server.close(() => resume(Effect.void))
  })

const identityOf = (path: string): string | undefined => {
  const stats = statSync(path, { throwIfNoEntry: false, bigint: true })
  return stats === undefined ? undefined : `${stats.dev} ${stats.ino}`
}

const taken = (folder: string, part: FolderPart): StoreError => {
  const whose = part === "work" ? "worker" : "server"
  const message = `another akonis process is using ${folder} (as its ${whose}); stop it, or give this one a data_dir of its own`
  return new StoreError({ reason: "locked", path: folder, message })
}

/** Whether SQLite says that somebody else has the file. */
export const isBusy = (error: unknown): boolean =>
  /locked|busy/i.test(error instanceof Error ? error.message : String(error))

const refusal = (folder: string, part: FolderPart, error: unknown): StoreError => {
  if (isBusy(error)) return taken(folder, part)
  const text = error instanceof Error ? error.message : String(error)
  const message = `${folder} cannot be locked (${text}); it and its file ${files[part]} must belong to this user, who may write to them`
  return new StoreError({ reason: "unwritable", path: folder, message })
}
