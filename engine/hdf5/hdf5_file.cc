#include "engine/hdf5/hdf5_file.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

constexpr char kSignature[] = "\x89HDF\r\n\x1a\n";
constexpr size_t kSignatureBytes = 8;
// A superblock starts at 0 or behind a user's block of 512 * 2^n bytes.
constexpr size_t kFirstUserBlock = 512;
constexpr size_t kMaxMessages = 100000;  // Of one object.
constexpr size_t kChecksumBytes = 4;
constexpr int kSharedFlag = 2;  // Of a message.

// Where the superblock starts; npos if there is none.
size_t FindSuperblock(absl::string_view bytes) {
  for (size_t at = 0; at + kSignatureBytes <= bytes.size();
       at = at == 0 ? kFirstUserBlock : 2 * at) {
    if (absl::StartsWith(bytes.substr(at), kSignature)) return at;
  }
  return absl::string_view::npos;
}

absl::Status Damaged(const std::string& what) {
  return Hdf5Problem(
      absl::StrCat("the HDF5 file is damaged (", what, "); write it again"));
}

}  // namespace

absl::Status Hdf5Problem(const std::string& what) {
  return Error(absl::StatusCode::kInvalidArgument, "HDF5_INVALID", what);
}

absl::StatusOr<Hdf5File> Hdf5File::Parse(absl::string_view bytes) {
  const size_t at = FindSuperblock(bytes);
  if (at == absl::string_view::npos) {
    return Hdf5Problem("not an HDF5 file; pass an .h5 file");
  }
  Hdf5File file(bytes.substr(at), at);
  RETURN_IF_ERROR(file.ParseSuperblock());
  return file;
}

absl::Status Hdf5File::ReadSizes(Hdf5Cursor* cursor) {
  address_bytes_ = static_cast<int>(cursor->Int(1));
  length_bytes_ = static_cast<int>(cursor->Int(1));
  for (const int size : {address_bytes_, length_bytes_}) {
    if (size != 2 && size != 4 && size != 8) {
      return Damaged(absl::StrCat("addresses of ", size, " bytes"));
    }
  }
  return absl::OkStatus();
}

absl::Status Hdf5File::CheckEnd(uint64_t end) const {
  const uint64_t found = user_block_bytes_ + bytes_.size();
  if (end == kHdf5Undefined || end <= found) return absl::OkStatus();
  return Hdf5Problem(absl::StrCat("the HDF5 file is cut short: it has ", found,
                                  " of ", end, " bytes; transfer it again"));
}

absl::Status Hdf5File::ParseSuperblock() {
  Hdf5Cursor cursor(bytes_);
  cursor.Skip(kSignatureBytes);
  const uint64_t version = cursor.Int(1);
  if (version > 3) {
    return Hdf5Problem(absl::StrCat("superblock of version ", version,
                                    "; write it with h5repack of HDF5 1.10"));
  }
  uint64_t end = 0;
  if (version >= 2) {
    RETURN_IF_ERROR(ReadSizes(&cursor));
    cursor.Skip(1);        // Flags.
    ReadAddress(&cursor);  // Base.
    ReadAddress(&cursor);  // Extension.
    end = ReadAddress(&cursor);
    root_ = ReadAddress(&cursor);
  } else {
    cursor.Skip(4);  // Versions of parts.
    RETURN_IF_ERROR(ReadSizes(&cursor));
    cursor.Skip(1 + 2 + 2 + 4);        // Ranks of trees, flags.
    if (version == 1) cursor.Skip(4);  // Rank of chunks' trees.
    ReadAddress(&cursor);              // Base.
    ReadAddress(&cursor);              // Free space.
    end = ReadAddress(&cursor);
    ReadAddress(&cursor);  // Driver.
    ReadAddress(&cursor);  // Name of the root.
    root_ = ReadAddress(&cursor);
  }
  if (!cursor.ok()) return Damaged("superblock");
  return CheckEnd(end);
}

absl::Status Hdf5File::Spend() {
  return ++steps_ > kMaxSteps ? Damaged("it points in circles")
                              : absl::OkStatus();
}

absl::StatusOr<absl::string_view> Hdf5File::From(uint64_t address) {
  RETURN_IF_ERROR(Spend());
  if (address >= bytes_.size()) {
    return Damaged(absl::StrCat("address ", address, " of ", bytes_.size()));
  }
  return bytes_.substr(address);
}

absl::StatusOr<absl::string_view> Hdf5File::At(uint64_t address,
                                               uint64_t size) {
  ASSIGN_OR_RETURN(const absl::string_view rest, From(address));
  if (size > rest.size()) {
    return Damaged(absl::StrCat(size, " bytes at address ", address, " of ",
                                bytes_.size()));
  }
  return rest.substr(0, size);
}

uint64_t Hdf5File::ReadAddress(Hdf5Cursor* cursor) const {
  const uint64_t address = cursor->Int(address_bytes_);
  const uint64_t nowhere = kHdf5Undefined >> (64 - 8 * address_bytes_);
  return address == nowhere ? kHdf5Undefined : address;
}

uint64_t Hdf5File::ReadLength(Hdf5Cursor* cursor) const {
  return cursor->Int(length_bytes_);
}

absl::StatusOr<std::vector<Hdf5Message>> Hdf5File::ReadMessages(
    uint64_t address) {
  std::vector<Hdf5Message> messages;
  ASSIGN_OR_RETURN(const absl::string_view start, From(address));
  RETURN_IF_ERROR(absl::StartsWith(start, "OHDR")
                      ? ReadSecondVersion(address, &messages)
                      : ReadFirstVersion(address, &messages));
  return messages;
}

absl::Status Hdf5File::ReadFirstVersion(uint64_t address,
                                        std::vector<Hdf5Message>* messages) {
  ASSIGN_OR_RETURN(const absl::string_view start, From(address));
  Hdf5Cursor header(start);
  const uint64_t version = header.Int(1);
  header.Skip(1 + 2 + 4);  // Reserved, number of messages, references.
  const uint64_t size = header.Int(4);
  header.Skip(4);  // To a multiple of 8.
  const absl::string_view block = header.Take(size);
  if (version != 1 || !header.ok()) return Damaged("object header");
  return ReadBlocks(block, HeaderForm{2, 3, ""}, messages);
}

absl::Status Hdf5File::ReadSecondVersion(uint64_t address,
                                         std::vector<Hdf5Message>* messages) {
  ASSIGN_OR_RETURN(const absl::string_view start, From(address));
  Hdf5Cursor header(start);
  header.Skip(4);  // "OHDR"
  const uint64_t version = header.Int(1);
  const uint64_t flags = header.Int(1);
  if (flags & 0x20) header.Skip(16);  // Times.
  if (flags & 0x10) header.Skip(4);   // Numbers of attributes.
  const uint64_t size = header.Int(1 << (flags & 3));
  const absl::string_view block = header.Take(size);
  if (version != 2 || !header.ok()) return Damaged("object header");
  return ReadBlocks(block, HeaderForm{1, flags & 4 ? 2 : 0, "OCHK"}, messages);
}

absl::Status Hdf5File::ReadBlocks(absl::string_view first,
                                  const HeaderForm& form,
                                  std::vector<Hdf5Message>* messages) {
  const size_t message_header = form.type_bytes + 3 + form.extra_bytes;
  std::vector<absl::string_view> blocks = {first};
  for (size_t i = 0; i < blocks.size(); ++i) {
    Hdf5Cursor cursor(blocks[i]);
    // What is left of a block may be too short for a message.
    while (cursor.rest().size() >= message_header) {
      Hdf5Message message;
      message.type = static_cast<int>(cursor.Int(form.type_bytes));
      const uint64_t size = cursor.Int(2);
      message.is_shared = (cursor.Int(1) & kSharedFlag) != 0;
      cursor.Skip(form.extra_bytes);
      message.data = cursor.Take(size);
      if (!cursor.ok() || messages->size() >= kMaxMessages) {
        return Damaged("object header");
      }
      RETURN_IF_ERROR(Spend());
      messages->push_back(message);
      if (message.type != kHdf5Continuation) continue;
      ASSIGN_OR_RETURN(const absl::string_view next,
                       ReadContinuation(message.data, form));
      blocks.push_back(next);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::string_view> Hdf5File::ReadContinuation(
    absl::string_view data, const HeaderForm& form) {
  Hdf5Cursor cursor(data);
  const uint64_t address = ReadAddress(&cursor);
  ASSIGN_OR_RETURN(absl::string_view block, At(address, ReadLength(&cursor)));
  if (form.signature.empty()) return block;
  if (!absl::ConsumePrefix(&block, form.signature) ||
      block.size() < kChecksumBytes) {
    return Damaged("continuation of an object header");
  }
  block.remove_suffix(kChecksumBytes);
  return block;
}

}  // namespace quantd
