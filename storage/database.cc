#include "storage/database.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/failpoints.h"
#include "base/random_id.h"
#include "base/status_macros.h"
#include "rocksdb/cache.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "rocksdb/table.h"
#include "rocksdb/write_batch.h"
#include "storage/rocks_logger.h"

namespace quantd::storage {
namespace {

constexpr const char* kTableNames[kNumTables] = {
    "jobs", "requests", "records", "events", "datasets", "meta"};
constexpr char kVersionKey[] = "version";
constexpr char kTokenKeyKey[] = "token_key";
constexpr int kTokenKeyBytes = 32;
// A store of up to this size is verified block by block when it is opened.
constexpr uint64_t kMaxVerifiedBytes = uint64_t{256} << 20;

// `path` is the database's directory; RocksDB's text names the file inside.
absl::Status FromRocks(const rocksdb::Status& status, const std::string& path) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = status.ToString();
  const ErrorMetadata metadata = {{"name", path}, {"cause", text}};
  if (status.IsCorruption()) {
    return Error(absl::StatusCode::kDataLoss, "STORE_CORRUPT",
                 absl::StrCat("the database in ", path, " is damaged (", text,
                              "): restore it from a backup"),
                 metadata);
  }
  if (status.IsNoSpace() || absl::StrContains(text, "No space left") ||
      absl::StrContains(text, "Disk quota exceeded") ||
      absl::StrContains(text, "File too large")) {
    return Error(
        absl::StatusCode::kResourceExhausted, "DISK_FULL",
        absl::StrCat("no space for the database in ", path, ": ", text),
        metadata);
  }
  return Error(absl::StatusCode::kInternal, "STORE_ERROR",
               absl::StrCat("database in ", path, ": ", text), metadata);
}

// While opening, a file that is missing or makes no sense is damage as well.
absl::Status FromOpen(const rocksdb::Status& status, const std::string& path) {
  const std::string text = status.ToString();
  const bool damaged = status.IsInvalidArgument() || status.IsNotFound() ||
                       status.IsNotSupported() ||
                       absl::StrContains(text, "No such file");
  return FromRocks(damaged ? rocksdb::Status::Corruption(text) : status, path);
}

rocksdb::DBOptions MakeDbOptions() {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.paranoid_checks = true;
  // A torn tail was never acknowledged; damage before it is reported instead
  // of dropping what follows.
  options.wal_recovery_mode =
      rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.max_open_files = 256;
  options.db_write_buffer_size = size_t{32} << 20;
  options.max_total_wal_size = uint64_t{64} << 20;
  options.info_log = MakeRocksLogger();
  return options;
}

rocksdb::ColumnFamilyOptions MakeFamilyOptions() {
  rocksdb::ColumnFamilyOptions options;
  rocksdb::BlockBasedTableOptions table;
  static auto* const cache =
      new std::shared_ptr<rocksdb::Cache>(rocksdb::NewLRUCache(32 << 20));
  table.block_cache = *cache;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_size = size_t{8} << 20;
  return options;
}

// Column families that exist in `path`; empty if there is no database.
absl::StatusOr<std::vector<std::string>> ListFamilies(const std::string& path) {
  std::vector<std::string> names;
  if (!rocksdb::Env::Default()->FileExists(path + "/CURRENT").ok()) {
    return names;
  }
  const rocksdb::Status status =
      rocksdb::DB::ListColumnFamilies(MakeDbOptions(), path, &names);
  RETURN_IF_ERROR(FromOpen(status, path));
  return names;
}

absl::Status CheckVersion(const std::string& text, const std::string& path) {
  int version = 0;
  if (!absl::SimpleAtoi(text, &version) || version < 1) {
    return FromRocks(
        rocksdb::Status::Corruption("meta/version is \"" + text + "\""), path);
  }
  if (version <= kFormatVersion) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "STORE_TOO_NEW",
               absl::StrCat("the store in ", path, " has format ", version,
                            ", this quantd knows up to ", kFormatVersion,
                            ": use the quantd that wrote it, or a newer one"),
               {{"name", path},
                {"found", absl::StrCat(version)},
                {"expected", absl::StrCat(kFormatVersion)}});
}

// Reads the version without changing a byte of the store. OK if creation was
// interrupted before there was one.
absl::Status CheckVersionReadOnly(const std::string& path,
                                  const std::vector<std::string>& families) {
  if (std::find(families.begin(), families.end(), "meta") == families.end()) {
    return absl::OkStatus();
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  RETURN_IF_ERROR(
      FromRocks(rocksdb::DB::OpenForReadOnly(
                    MakeDbOptions(), path,
                    {{rocksdb::kDefaultColumnFamilyName, MakeFamilyOptions()},
                     {"meta", MakeFamilyOptions()}},
                    &handles, &raw),
                path));
  const std::unique_ptr<rocksdb::DB> db(raw);
  std::string value;
  const rocksdb::Status status =
      db->Get(rocksdb::ReadOptions(), handles[1], kVersionKey, &value);
  for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
  if (status.IsNotFound()) return absl::OkStatus();
  RETURN_IF_ERROR(FromRocks(status, path));
  return CheckVersion(value, path);
}

std::string PrefixEnd(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) {
    prefix.pop_back();
  }
  if (!prefix.empty()) ++prefix.back();
  return prefix;
}

rocksdb::Slice ToSlice(absl::string_view text) {
  return rocksdb::Slice(text.data(), text.size());
}

}  // namespace

void WriteBatch::Put(Table table, std::string key, std::string value) {
  operations.push_back(
      {table, std::move(key), std::move(value), Operation::kPut});
}

void WriteBatch::Delete(Table table, std::string key) {
  operations.push_back({table, std::move(key), "", Operation::kDelete});
}

void WriteBatch::DeletePrefix(Table table, std::string prefix) {
  std::string end = PrefixEnd(prefix);
  operations.push_back(
      {table, std::move(prefix), std::move(end), Operation::kDeletePrefix});
}

struct Database::Rocks {
  ~Rocks() {
    for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
  }
  rocksdb::ColumnFamilyHandle* family(Table table) const {
    return handles[static_cast<size_t>(table)];
  }

  std::string path;
  std::unique_ptr<rocksdb::DB> db;
  // By Table, then "default".
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  // A write failed; Recover before the next one.
  std::atomic<bool> broken{false};
};

Database::Database(std::unique_ptr<Rocks> rocks) : rocks_(std::move(rocks)) {}

// A store that was closed needs no log to be read again.
Database::~Database() {
  rocks_->db->Flush(rocksdb::FlushOptions(), rocks_->handles)
      .PermitUncheckedError();
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(
    const std::string& path) {
  RETURN_IF_ERROR(
      FromRocks(rocksdb::Env::Default()->CreateDirIfMissing(path), path));
  ASSIGN_OR_RETURN(const std::vector<std::string> families, ListFamilies(path));
  RETURN_IF_ERROR(CheckVersionReadOnly(path, families));
  QUANTD_FAILPOINT("storage/open_before_recovery");

  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const char* name : kTableNames) {
    descriptors.emplace_back(name, MakeFamilyOptions());
  }
  descriptors.emplace_back(rocksdb::kDefaultColumnFamilyName,
                           MakeFamilyOptions());
  auto rocks = std::make_unique<Rocks>();
  rocks->path = path;
  rocksdb::DB* raw = nullptr;
  RETURN_IF_ERROR(
      FromRocks(rocksdb::DB::Open(MakeDbOptions(), path, descriptors,
                                  &rocks->handles, &raw),
                path));
  rocks->db.reset(raw);
  QUANTD_FAILPOINT("storage/open_after_recovery");
  auto database = absl::WrapUnique(new Database(std::move(rocks)));
  RETURN_IF_ERROR(database->Initialize());
  return database;
}

// Verifies what is there; writes version and key where there is none yet.
absl::Status Database::Initialize() {
  uint64_t size = 0;
  uint64_t total = 0;
  for (auto* handle : rocks_->handles) {
    if (rocks_->db->GetIntProperty(handle, "rocksdb.total-sst-files-size",
                                   &size)) {
      total += size;
    }
  }
  if (total <= kMaxVerifiedBytes) {
    RETURN_IF_ERROR(FromRocks(rocks_->db->VerifyChecksum(), rocks_->path));
  }
  WriteBatch batch;
  const auto version = Get(Table::kMeta, kVersionKey);
  if (absl::IsNotFound(version.status())) {
    token_key_ = RandomBytes(kTokenKeyBytes);
    batch.Put(Table::kMeta, kTokenKeyKey, token_key_);
    batch.Put(Table::kMeta, kVersionKey, absl::StrCat(kFormatVersion));
    return Write(batch);
  }
  RETURN_IF_ERROR(version.status());
  ASSIGN_OR_RETURN(token_key_, Get(Table::kMeta, kTokenKeyKey));
  return absl::OkStatus();
}

absl::Status Database::WriteOnce(const WriteBatch& batch, bool sync) {
  rocksdb::WriteBatch rocks_batch;
  for (const WriteBatch::Operation& operation : batch.operations) {
    auto* const family = rocks_->family(operation.table);
    rocksdb::Status status;
    switch (operation.kind) {
      case WriteBatch::Operation::kPut:
        status = rocks_batch.Put(family, operation.key, operation.value);
        break;
      case WriteBatch::Operation::kDelete:
        status = rocks_batch.Delete(family, operation.key);
        break;
      case WriteBatch::Operation::kDeletePrefix:
        status =
            rocks_batch.DeleteRange(family, operation.key, operation.value);
        break;
    }
    RETURN_IF_ERROR(FromRocks(status, rocks_->path));
  }
  rocksdb::WriteOptions options;
  options.sync = sync;
  return FromRocks(rocks_->db->Write(options, &rocks_batch), rocks_->path);
}

absl::Status Database::Recover() {
  const rocksdb::Status status = rocks_->db->Resume();
  if (status.ok()) {
    rocks_->broken = false;
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kUnavailable, "STORE_READ_ONLY",
               absl::StrCat("the database in ", rocks_->path,
                            " takes no writes until there is space: ",
                            status.ToString()),
               {{"name", rocks_->path}});
}

absl::Status Database::Write(const WriteBatch& batch, bool sync) {
  QUANTD_FAILPOINT("storage/before_write");
  if (rocks_->broken) RETURN_IF_ERROR(Recover());
  const absl::Status status = WriteOnce(batch, sync);
  if (!status.ok()) rocks_->broken = true;
  RETURN_IF_ERROR(status);
  QUANTD_FAILPOINT("storage/after_write");
  return absl::OkStatus();
}

absl::StatusOr<std::string> Database::Get(Table table,
                                          absl::string_view key) const {
  std::string value;
  const rocksdb::Status status = rocks_->db->Get(
      rocksdb::ReadOptions(), rocks_->family(table), ToSlice(key), &value);
  if (status.IsNotFound()) return absl::NotFoundError("no such key");
  RETURN_IF_ERROR(FromRocks(status, rocks_->path));
  return value;
}

absl::Status Database::Scan(Table table, absl::string_view prefix,
                            absl::string_view start,
                            const Visitor& visitor) const {
  const std::unique_ptr<rocksdb::Iterator> it(
      rocks_->db->NewIterator(rocksdb::ReadOptions(), rocks_->family(table)));
  const absl::string_view first = std::max(prefix, start);
  for (it->Seek(ToSlice(first)); it->Valid(); it->Next()) {
    const absl::string_view key(it->key().data(), it->key().size());
    if (!absl::StartsWith(key, prefix)) break;
    const absl::string_view value(it->value().data(), it->value().size());
    if (!visitor(key, value)) break;
  }
  return FromRocks(it->status(), rocks_->path);
}

absl::Status Database::CheckWritable() {
  if (!rocks_->broken) return absl::OkStatus();
  return Recover();
}

}  // namespace quantd::storage
