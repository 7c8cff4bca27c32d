#include "base/npy/testing/make_npy.h"

#include <zlib.h>

namespace quantd::testing {
namespace {

std::string LittleEndian(uint64_t value, int num_bytes) {
  std::string bytes;
  for (int i = 0; i < num_bytes; ++i) {
    bytes.push_back(static_cast<char>(value));
    value >>= 8;
  }
  return bytes;
}

std::string Deflate(const std::string& bytes) {
  std::string packed(bytes.size() + 1024, '\0');
  z_stream zlib = {};
  deflateInit2(&zlib, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8,
               Z_DEFAULT_STRATEGY);
  zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  zlib.avail_in = static_cast<uInt>(bytes.size());
  zlib.next_out = reinterpret_cast<Bytef*>(&packed[0]);
  zlib.avail_out = static_cast<uInt>(packed.size());
  deflate(&zlib, Z_FINISH);
  packed.resize(zlib.total_out);
  deflateEnd(&zlib);
  return packed;
}

// What follows the signature and version of local header and entry alike.
std::string Fields(const std::string& name, int method, uint32_t crc,
                   uint64_t packed_size, uint64_t size, size_t extra_size) {
  return LittleEndian(0, 2) + LittleEndian(method, 2) + LittleEndian(0, 4) +
         LittleEndian(crc, 4) + LittleEndian(packed_size, 4) +
         LittleEndian(size, 4) + LittleEndian(name.size(), 2) +
         LittleEndian(extra_size, 2);
}

}  // namespace

std::string NpyHeaderText(const std::string& descr, const std::string& shape,
                          bool fortran_order) {
  return "{'descr': '" + descr +
         "', 'fortran_order': " + (fortran_order ? "True" : "False") +
         ", 'shape': " + shape + ", }   \n";
}

std::string NpyFile(const std::string& header_text, const std::string& values,
                    int version) {
  return std::string("\x93NUMPY") + static_cast<char>(version) + '\0' +
         LittleEndian(header_text.size(), version == 1 ? 2 : 4) + header_text +
         values;
}

std::string FloatNpy(const std::string& shape,
                     const std::vector<float>& values) {
  return NpyFile(NpyHeaderText("<f4", shape), BytesOf(values));
}

std::string ZipFile(
    const std::vector<std::pair<std::string, std::string>>& members,
    bool deflate, bool zip64) {
  constexpr uint64_t kFull = 0xffffffff;
  std::string zip, directory;
  for (const auto& [name, contents] : members) {
    const std::string packed = deflate ? Deflate(contents) : contents;
    const auto crc = static_cast<uint32_t>(
        crc32(0, reinterpret_cast<const Bytef*>(contents.data()),
              static_cast<uInt>(contents.size())));
    const uint64_t offset = zip.size();
    const int method = deflate ? 8 : 0;
    const uint64_t packed_size = zip64 ? kFull : packed.size();
    const uint64_t size = zip64 ? kFull : contents.size();
    // As numpy.savez(): the local header has the 64-bit field in any case.
    const std::string local_extra = LittleEndian(1, 2) + LittleEndian(16, 2) +
                                    LittleEndian(contents.size(), 8) +
                                    LittleEndian(packed.size(), 8);
    zip += "PK\3\4" + LittleEndian(45, 2) +
           Fields(name, method, crc, kFull, kFull, local_extra.size()) + name +
           local_extra + packed;
    std::string extra = "XY" + LittleEndian(1, 2) + "?";  // Another's field.
    if (zip64) {
      extra += LittleEndian(1, 2) + LittleEndian(24, 2) +
               LittleEndian(contents.size(), 8) +
               LittleEndian(packed.size(), 8) + LittleEndian(offset, 8);
    }
    directory += "PK\1\2" + LittleEndian(45, 2) + LittleEndian(45, 2) +
                 Fields(name, method, crc, packed_size, size, extra.size()) +
                 LittleEndian(0, 10) + LittleEndian(zip64 ? kFull : offset, 4) +
                 name + extra;
  }
  const uint64_t start = zip.size();
  const uint64_t count = members.size();
  zip += directory;
  if (zip64) {
    const uint64_t end = zip.size();
    zip += "PK\6\6" + LittleEndian(44, 8) + LittleEndian(45, 2) +
           LittleEndian(45, 2) + LittleEndian(0, 8) + LittleEndian(count, 8) +
           LittleEndian(count, 8) + LittleEndian(directory.size(), 8) +
           LittleEndian(start, 8);
    zip += "PK\6\7" + LittleEndian(0, 4) + LittleEndian(end, 8) +
           LittleEndian(1, 4);
  }
  zip += "PK\5\6" + LittleEndian(0, 4) + LittleEndian(count, 2) +
         LittleEndian(count, 2) + LittleEndian(directory.size(), 4) +
         LittleEndian(zip64 ? kFull : start, 4) + LittleEndian(0, 2);
  return zip;
}

}  // namespace quantd::testing
