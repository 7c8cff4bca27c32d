// The bytes of an HDF5 file: its superblock, and the messages of its objects.
// Format: "HDF5 File Format Specification Version 3.0", sections II and IV.
// Not here: groups (hdf5_links.h), datasets (hdf5_values.h).
#ifndef QUANTD_ENGINE_HDF5_HDF5_FILE_H_
#define QUANTD_ENGINE_HDF5_HDF5_FILE_H_

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/hdf5/hdf5_cursor.h"

namespace quantd {

// An address that points nowhere: storage that was never made.
inline constexpr uint64_t kHdf5Undefined = std::numeric_limits<uint64_t>::max();

// Types of messages of an object's header.
enum Hdf5MessageType {
  kHdf5Dataspace = 0x01,
  kHdf5LinkInfo = 0x02,
  kHdf5Datatype = 0x03,
  kHdf5Link = 0x06,
  kHdf5Layout = 0x08,
  kHdf5GroupInfo = 0x0A,
  kHdf5Filters = 0x0B,
  kHdf5Continuation = 0x10,
  kHdf5SymbolTable = 0x11,
};

struct Hdf5Message {
  int type = 0;
  bool is_shared = false;  // `data` says where the message is.
  absl::string_view data;
};

// INVALID_ARGUMENT, HDF5_INVALID; callers add file and dataset.
absl::Status Hdf5Problem(const std::string& what);

// A view of the file's bytes, which must stay. Every access is checked.
//
// Work is limited: a damaged file can point in circles, or to one place from
// many. Each piece that is looked at costs one of kMaxSteps.
class Hdf5File {
 public:
  static constexpr int64_t kMaxSteps = 20'000'000;

  // Errors: HDF5_INVALID for bytes that are no HDF5 file or cut short.
  static absl::StatusOr<Hdf5File> Parse(absl::string_view bytes);

  int64_t size_bytes() const { return static_cast<int64_t>(bytes_.size()); }
  // Address of the root group's header.
  uint64_t root() const { return root_; }

  // Counts one step of work.
  absl::Status Spend();
  // `size` bytes at `address`.
  absl::StatusOr<absl::string_view> At(uint64_t address, uint64_t size);
  // What follows `address`, up to the end of the file.
  absl::StatusOr<absl::string_view> From(uint64_t address);

  // An address and a length of this file's sizes.
  uint64_t ReadAddress(Hdf5Cursor* cursor) const;
  uint64_t ReadLength(Hdf5Cursor* cursor) const;
  int address_bytes() const { return address_bytes_; }

  // The messages of the object whose header is at `address`.
  absl::StatusOr<std::vector<Hdf5Message>> ReadMessages(uint64_t address);

 private:
  // How the two versions of object headers differ.
  struct HeaderForm {
    int type_bytes;               // Of a message's type.
    int extra_bytes;              // Behind a message's flags.
    absl::string_view signature;  // Of a continued block, with a checksum.
  };

  Hdf5File(absl::string_view bytes, size_t user_block_bytes)
      : bytes_(bytes), user_block_bytes_(user_block_bytes) {}

  absl::Status ParseSuperblock();
  absl::Status ReadSizes(Hdf5Cursor* cursor);
  absl::Status CheckEnd(uint64_t end) const;
  absl::Status ReadFirstVersion(uint64_t address,
                                std::vector<Hdf5Message>* messages);
  absl::Status ReadSecondVersion(uint64_t address,
                                 std::vector<Hdf5Message>* messages);
  absl::Status ReadBlocks(absl::string_view first, const HeaderForm& form,
                          std::vector<Hdf5Message>* messages);
  absl::StatusOr<absl::string_view> ReadContinuation(absl::string_view data,
                                                     const HeaderForm& form);

  absl::string_view bytes_;  // From the superblock on.
  size_t user_block_bytes_;  // Before it.
  int address_bytes_ = 8;
  int length_bytes_ = 8;
  uint64_t root_ = kHdf5Undefined;
  int64_t steps_ = 0;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_HDF5_HDF5_FILE_H_
