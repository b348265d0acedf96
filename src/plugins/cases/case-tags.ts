import { z } from "zod"
import { defineAction } from "../../core/actions/action.ts"
import { idKey } from "../../core/actions/errors-by-id.ts"
import { changeParts } from "./add-to-case.ts"
import { case_entity, caseId, example_case, showsTags, tags, tagsOf, write } from "./case.ts"

const path = "/cases/entities/case-tags/v1"

const common = { resource: case_entity, scopes: write, changes: true, destructive: false, idempotent: true } as const

/** falconpy `entities_case_tags_post_v1` */
export const addCaseTags = defineAction({
  ...common,
  slug: "add_case_tags",
  title: "Add tags to case",
  description: "Adds tags to those that a case has. Tags that differ in case only count as one.",
  arguments: z.strictObject({ id: caseId(), tags: tags("add") }),
  example: { id: example_case, tags: ["sekoia", "ransomware"] },
  run: ({ id, tags }) =>
    changeParts({
      id,
      parts: tags,
      doneIn: tagsOf,
      operation: (some) => ({
        name: "cases.add_tags",
        method: "POST",
        path,
        body: { id, tags: some },
        idempotent: true,
        scopes: write,
      }),
    }),
})

/** falconpy `entities_case_tags_delete_v1`: `tag` once for each. */
export const removeCaseTags = defineAction({
  ...common,
  slug: "remove_case_tags",
  title: "Remove tags from case",
  description: "Removes tags from a case. A tag that it does not have counts as removed.",
  arguments: z.strictObject({ id: caseId(), tags: tags("remove") }),
  example: { id: example_case, tags: ["ransomware"] },
  run: ({ id, tags }) =>
    changeParts({
      id,
      parts: tags,
      doneIn: (found) => {
        if (!showsTags(found)) return []
        const left = new Set(tagsOf(found).map(idKey))
        return tags.filter((tag) => !left.has(idKey(tag)))
      },
      operation: (some) => ({
        name: "cases.remove_tags",
        method: "DELETE",
        path,
        query: { id, tag: some },
        idempotent: true,
        scopes: write,
      }),
    }),
})
