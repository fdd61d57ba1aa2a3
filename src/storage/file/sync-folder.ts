export { makeFolder, syncFolder } from '../../sync-folder.ts'
