using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Persistence;

/// <summary>Times lie in the tables as microseconds since 1970: every database sorts them alike, and a hash over them is the same anywhere.</summary>
internal sealed class MicrosecondsConverter()
    : ValueConverter<DateTimeOffset, long>(time => HistoryEncoding.Microseconds(time), microseconds => HistoryEncoding.Time(microseconds));
