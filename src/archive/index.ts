/// <reference types="node" preserve="true" />
export type { ArchiveStore } from './store/archive-store.ts'
export { folderArchive } from './store/folder-archive.ts'
export { s3Archive, type S3ArchiveOptions } from './store/s3-archive.ts'
