import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Currency } from '../core/currency.ts'
import { type ClassicAccount, readClassicAccount } from '../gateway/folder.ts'
import { readAtMost } from '../io/files.ts'

export { type ClassicAccount, printClassicAccount } from '../gateway/folder.ts'

export interface AccountFile {
  /** Without its folder. */
  readonly file: string
}

/** What a folder of the classic bank holds, in the order of the files' names. */
export interface AccountsFolder {
  readonly accounts: readonly (ClassicAccount & AccountFile)[]
  readonly faults: readonly (AccountFile & { readonly fault: string })[]
}

/** No account is as long as that: what is, is something else. */
const fileBytesMax = 64 * 1024

/** Every `.json` file that stands right in the folder. Rejects with the system's error where the folder cannot be read. */
export async function readAccountsFolder(folder: string, currency: Currency): Promise<AccountsFolder> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort()
  const accounts: (ClassicAccount & AccountFile)[] = []
  const faults: (AccountFile & { fault: string })[] = []
  const fileOf = new Map<string, string>()
  for (const file of names) {
    const read = await readAccountFile(join(folder, file), currency)
    if (read === undefined) continue
    if ('fault' in read) faults.push({ file, ...read })
    else {
      const before = fileOf.get(read.account)
      if (before !== undefined) faults.push({ file, fault: `${read.account} stands in ${before} too.` })
      else accounts.push({ file, ...read })
      fileOf.set(read.account, before ?? file)
    }
  }
  return { accounts, faults }
}

/** `undefined`: it is no file. */
async function readAccountFile(path: string, currency: Currency): Promise<ReturnType<typeof readClassicAccount> | undefined> {
  try {
    if (!(await stat(path)).isFile()) return undefined
    const bytes = await readAtMost(path, fileBytesMax + 1)
    if (bytes.length > fileBytesMax) return { fault: `It has more than ${fileBytesMax / 1024} KiB.` }
    return readClassicAccount(bytes.toString('utf8'), currency)
  } catch (error) {
    return { fault: `It cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}).` }
  }
}
