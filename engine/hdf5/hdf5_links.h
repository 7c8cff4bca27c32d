// The links of an HDF5 group, of both ways to store them.
#ifndef QUANTD_ENGINE_HDF5_HDF5_LINKS_H_
#define QUANTD_ENGINE_HDF5_HDF5_LINKS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/hdf5/hdf5_file.h"

namespace quantd {

// A name in a group and the header of what it names.
struct Hdf5HardLink {
  std::string name;
  uint64_t address = 0;
};

// True if an object with these messages is a group.
bool IsHdf5Group(const std::vector<Hdf5Message>& messages);

// The hard links of a group with these messages, in byte order of their names;
// soft and external links are left out.
// Errors: HDF5_INVALID for damage, more than `max_links`, a name that is empty,
//   "." or longer than 1023 bytes, has a "/" or a zero byte, or is there twice;
//   for groups whose links are stored densely (with libver "latest" or tracked
//   order), which this reader does not know.
absl::StatusOr<std::vector<Hdf5HardLink>> ReadHdf5Links(
    const std::vector<Hdf5Message>& messages, size_t max_links, Hdf5File* file);

}  // namespace quantd

#endif  // QUANTD_ENGINE_HDF5_HDF5_LINKS_H_
