// Makes .npy and .npz files for tests.
#ifndef QUANTD_BASE_NPY_TESTING_MAKE_NPY_H_
#define QUANTD_BASE_NPY_TESTING_MAKE_NPY_H_

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace quantd::testing {

// The header's dictionary and padding, as numpy.save() writes them.
// `shape`: "(2, 3)".
std::string NpyHeaderText(const std::string& descr, const std::string& shape,
                          bool fortran_order = false);

// A .npy file of `version` with that text as its header.
std::string NpyFile(const std::string& header_text, const std::string& values,
                    int version = 1);

// `values` of the machine's byte order, which is little-endian.
template <typename T>
std::string BytesOf(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()),
          values.size() * sizeof(T)};
}

// A float32 array in C order.
std::string FloatNpy(const std::string& shape,
                     const std::vector<float>& values);

// An archive of `members`, name and contents each; deflated if `deflate`.
// `zip64`: with the 64-bit extension in place of all sizes.
std::string ZipFile(
    const std::vector<std::pair<std::string, std::string>>& members,
    bool deflate, bool zip64 = false);

}  // namespace quantd::testing

#endif  // QUANTD_BASE_NPY_TESTING_MAKE_NPY_H_
