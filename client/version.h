// Version of the client library and of quantctl.
#ifndef QUANTD_CLIENT_VERSION_H_
#define QUANTD_CLIENT_VERSION_H_

namespace quantd {

inline constexpr char kVersion[] = "0.1.0";

}  // namespace quantd

#endif  // QUANTD_CLIENT_VERSION_H_
