#include "storage/store.h"

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace quantd::storage {

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const Options& options) {
  auto store = absl::WrapUnique(new Store);
  FileSystem* const files = options.files;
  const std::string& data_dir = options.data_dir;
  RETURN_IF_ERROR(files->MakeDirectory(data_dir));
  RETURN_IF_ERROR(files->SyncDirectory(DirectoryOf(data_dir)));
  ASSIGN_OR_RETURN(store->lock_, StoreLock::Acquire(data_dir));
  ASSIGN_OR_RETURN(store->database_,
                   Database::Open(absl::StrCat(data_dir, "/db")));
  ASSIGN_OR_RETURN(store->jobs_, JobStore::Open(store->database_.get()));

  BlobStore::Options blobs;
  blobs.data_dir = data_dir;
  blobs.files = files;
  blobs.clock = options.clock;
  blobs.max_blob_bytes = options.limits.max_blob_bytes;
  blobs.max_uploads = options.limits.max_uploads;
  ASSIGN_OR_RETURN(store->blobs_, BlobStore::Open(std::move(blobs)));

  DatasetStore::Options datasets;
  datasets.data_dir = data_dir;
  datasets.files = files;
  datasets.clock = options.clock;
  datasets.max_record_bytes = options.limits.max_sample_bytes;
  datasets.max_dataset_bytes = options.limits.max_dataset_bytes;
  ASSIGN_OR_RETURN(
      store->datasets_,
      DatasetStore::Open(std::move(datasets), store->database_.get()));
  return store;
}

}  // namespace quantd::storage
