// Ownership of an HDF5 id, and silence about failures.
#ifndef QUANTD_ENGINE_HDF5_HDF5_ID_H_
#define QUANTD_ENGINE_HDF5_HDF5_ID_H_

#include <hdf5.h>

namespace quantd {

// Closes its id. Negative ids are failures of the call that gave them.
class Hdf5Id {
 public:
  using Close = herr_t (*)(hid_t);

  Hdf5Id(hid_t id, Close close) : id_(id), close_(close) {}
  ~Hdf5Id() {
    if (ok()) close_(id_);
  }
  Hdf5Id(const Hdf5Id&) = delete;
  Hdf5Id& operator=(const Hdf5Id&) = delete;

  bool ok() const { return id_ >= 0; }
  hid_t get() const { return id_; }
  // Gives the id away.
  hid_t Release() {
    const hid_t id = id_;
    id_ = -1;
    return id;
  }

 private:
  hid_t id_;
  const Close close_;
};

// Stops HDF5 from printing its error stack while it lives, on this thread.
class Hdf5Silence {
 public:
  Hdf5Silence() {
    H5Eget_auto2(H5E_DEFAULT, &print_, &print_data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  ~Hdf5Silence() { H5Eset_auto2(H5E_DEFAULT, print_, print_data_); }
  Hdf5Silence(const Hdf5Silence&) = delete;
  Hdf5Silence& operator=(const Hdf5Silence&) = delete;

 private:
  H5E_auto2_t print_ = nullptr;
  void* print_data_ = nullptr;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_HDF5_HDF5_ID_H_
