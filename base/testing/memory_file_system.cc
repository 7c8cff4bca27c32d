#include "base/testing/memory_file_system.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd::testing {
namespace {

absl::Status NotFound(const std::string& path) {
  return Error(absl::StatusCode::kNotFound, "FILE_NOT_FOUND",
               absl::StrCat(path, ": no such file"), {{"path", path}});
}

absl::Status Full(const std::string& path) {
  return Error(absl::StatusCode::kResourceExhausted, "DISK_FULL",
               absl::StrCat(path, ": no space"), {{"path", path}});
}

std::string NameOf(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

class MemoryAppendFile : public AppendFile {
 public:
  MemoryAppendFile(MemoryFileSystem* files, MemoryFileSystem::NodePtr node,
                   std::string path)
      : files_(files), node_(std::move(node)), path_(std::move(path)) {}
  absl::Status Append(absl::string_view data) override {
    return files_->AppendTo(node_, path_, data);
  }
  absl::Status Sync() override { return files_->SyncFile(node_, path_); }

 private:
  MemoryFileSystem* const files_;
  const MemoryFileSystem::NodePtr node_;
  const std::string path_;
};

class MemoryReadFile : public ReadFile {
 public:
  MemoryReadFile(MemoryFileSystem* files, MemoryFileSystem::NodePtr node,
                 std::string path)
      : files_(files), node_(std::move(node)), path_(std::move(path)) {}
  absl::StatusOr<std::string> ReadAt(int64_t offset,
                                     int64_t num_bytes) const override {
    return files_->ReadFrom(node_, path_, offset, num_bytes);
  }

 private:
  MemoryFileSystem* const files_;
  const MemoryFileSystem::NodePtr node_;
  const std::string path_;
};

MemoryFileSystem::MemoryFileSystem(const Clock* clock)
    : clock_(clock != nullptr ? clock : &own_clock_),
      root_(std::make_shared<Node>()) {
  root_->is_directory = true;
}

void MemoryFileSystem::FailOperation(int64_t k, bool full) {
  absl::MutexLock lock(&mutex_);
  fail_at_ = k == 0 ? 0 : num_operations_ + k;
  fail_full_ = full;
}

int64_t MemoryFileSystem::num_operations() const {
  absl::MutexLock lock(&mutex_);
  return num_operations_;
}

void MemoryFileSystem::Revert(Node* node) {
  node->data = node->synced_data;
  node->entries = node->synced_entries;
  for (auto& [name, child] : node->entries) Revert(child.get());
}

void MemoryFileSystem::LosePower() {
  absl::MutexLock lock(&mutex_);
  Revert(root_.get());
}

void MemoryFileSystem::SetFreeBytes(int64_t bytes) {
  absl::MutexLock lock(&mutex_);
  free_bytes_ = bytes;
}

bool MemoryFileSystem::FlipBit(const std::string& path, int64_t offset,
                               int bit) {
  absl::MutexLock lock(&mutex_);
  const NodePtr node = Find(path);
  if (node == nullptr || offset < 0 ||
      offset >= static_cast<int64_t>(node->data.size())) {
    return false;
  }
  node->data[offset] = static_cast<char>(node->data[offset] ^ (1 << bit));
  return true;
}

absl::Status MemoryFileSystem::Count(const std::string& path) {
  ++num_operations_;
  if (num_operations_ != fail_at_) return absl::OkStatus();
  if (fail_full_) return Full(path);
  return Error(absl::StatusCode::kInternal, "IO_ERROR",
               absl::StrCat(path, ": injected failure"), {{"path", path}});
}

MemoryFileSystem::NodePtr MemoryFileSystem::Find(
    const std::string& path) const {
  NodePtr node = root_;
  for (const auto part : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    const auto found = node->entries.find(std::string(part));
    if (found == node->entries.end()) return nullptr;
    node = found->second;
  }
  return node;
}

absl::StatusOr<MemoryFileSystem::NodePtr> MemoryFileSystem::FindFile(
    const std::string& path) const {
  NodePtr node = Find(path);
  if (node == nullptr || node->is_directory) return NotFound(path);
  return node;
}

absl::StatusOr<MemoryFileSystem::NodePtr> MemoryFileSystem::FindDirectory(
    const std::string& path) const {
  NodePtr node = Find(path);
  if (node == nullptr || !node->is_directory) return NotFound(path);
  return node;
}

absl::StatusOr<std::unique_ptr<AppendFile>> MemoryFileSystem::OpenAppend(
    const std::string& path) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(Count(path));
  ASSIGN_OR_RETURN(const NodePtr directory, FindDirectory(DirectoryOf(path)));
  NodePtr& node = directory->entries[NameOf(path)];
  if (node == nullptr) {
    node = std::make_shared<Node>();
    node->modified = clock_->Now();
  }
  return std::make_unique<MemoryAppendFile>(this, node, path);
}

absl::StatusOr<std::unique_ptr<ReadFile>> MemoryFileSystem::OpenRead(
    const std::string& path) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(Count(path));
  ASSIGN_OR_RETURN(NodePtr node, FindFile(path));
  return std::make_unique<MemoryReadFile>(this, std::move(node), path);
}

absl::Status MemoryFileSystem::AppendTo(const NodePtr& node,
                                        const std::string& path,
                                        absl::string_view data) {
  absl::MutexLock lock(&mutex_);
  absl::Status status = Count(path);
  if (status.ok() && static_cast<int64_t>(data.size()) > free_bytes_) {
    status = Full(path);
  }
  if (!status.ok()) data = data.substr(0, data.size() / 2);
  node->data.append(data.data(), data.size());
  node->modified = clock_->Now();
  free_bytes_ -= static_cast<int64_t>(data.size());
  return status;
}

absl::Status MemoryFileSystem::SyncFile(const NodePtr& node,
                                        const std::string& path) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(Count(path));
  node->synced_data = node->data;
  return absl::OkStatus();
}

absl::StatusOr<std::string> MemoryFileSystem::ReadFrom(const NodePtr& node,
                                                       const std::string& path,
                                                       int64_t offset,
                                                       int64_t num_bytes) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(Count(path));
  if (offset >= static_cast<int64_t>(node->data.size())) return std::string();
  return node->data.substr(offset, num_bytes);
}

absl::Status MemoryFileSystem::Rename(const std::string& from,
                                      const std::string& to) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(Count(from));
  ASSIGN_OR_RETURN(const NodePtr source, FindDirectory(DirectoryOf(from)));
  ASSIGN_OR_RETURN(const NodePtr target, FindDirectory(DirectoryOf(to)));
  ASSIGN_OR_RETURN(NodePtr node, FindFile(from));
  source->entries.erase(NameOf(from));
  target->entries[NameOf(to)] = std::move(node);
  return absl::OkStatus();
}

absl::Status MemoryFileSystem::Remove(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(Count(path));
  RETURN_IF_ERROR(FindFile(path).status());
  Find(DirectoryOf(path))->entries.erase(NameOf(path));
  return absl::OkStatus();
}

absl::Status MemoryFileSystem::RemoveDirectory(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(Count(path));
  ASSIGN_OR_RETURN(const NodePtr node, FindDirectory(path));
  if (!node->entries.empty()) {
    return Error(absl::StatusCode::kAlreadyExists, "FILE_EXISTS",
                 absl::StrCat(path, ": not empty"), {{"path", path}});
  }
  Find(DirectoryOf(path))->entries.erase(NameOf(path));
  return absl::OkStatus();
}

absl::Status MemoryFileSystem::Truncate(const std::string& path, int64_t size) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(Count(path));
  ASSIGN_OR_RETURN(const NodePtr node, FindFile(path));
  node->data.resize(size);
  return absl::OkStatus();
}

absl::Status MemoryFileSystem::MakeDirectory(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(Count(path));
  ASSIGN_OR_RETURN(const NodePtr parent, FindDirectory(DirectoryOf(path)));
  NodePtr& node = parent->entries[NameOf(path)];
  if (node != nullptr) return FindDirectory(path).status();
  node = std::make_shared<Node>();
  node->is_directory = true;
  return absl::OkStatus();
}

absl::Status MemoryFileSystem::SyncDirectory(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(Count(path));
  ASSIGN_OR_RETURN(const NodePtr node, FindDirectory(path));
  node->synced_entries = node->entries;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> MemoryFileSystem::List(
    const std::string& path) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(Count(path));
  ASSIGN_OR_RETURN(const NodePtr node, FindDirectory(path));
  std::vector<std::string> names;
  for (const auto& [name, child] : node->entries) names.push_back(name);
  return names;
}

bool MemoryFileSystem::Exists(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  return Find(path) != nullptr;
}

absl::StatusOr<int64_t> MemoryFileSystem::Size(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(Count(path));
  ASSIGN_OR_RETURN(const NodePtr node, FindFile(path));
  return static_cast<int64_t>(node->data.size());
}

absl::StatusOr<absl::Time> MemoryFileSystem::ModifiedTime(
    const std::string& path) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(Count(path));
  ASSIGN_OR_RETURN(const NodePtr node, FindFile(path));
  return node->modified;
}

absl::StatusOr<int64_t> MemoryFileSystem::FreeBytes(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(Count(path));
  return free_bytes_;
}

}  // namespace quantd::testing
