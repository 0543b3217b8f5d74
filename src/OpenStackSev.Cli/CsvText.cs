namespace OpenStackSev.Cli;

/// <summary>A line of CSV.</summary>
/// <remarks>Source: RFC 4180, section 2; lines end as on this system, since people also read them.</remarks>
public static class CsvText
{
    private static readonly System.Buffers.SearchValues<char> Special = System.Buffers.SearchValues.Create("\",\r\n");

    public static string Line(IEnumerable<string> cells) => string.Join(',', cells.Select(cell =>
        cell.AsSpan().ContainsAny(Special) ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell));
}
