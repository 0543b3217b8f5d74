using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OpenStackSev.Simulation.Snp;

/// <summary>A key distribution service with AMD's paths, on 127.0.0.1, over HTTP.</summary>
/// <remarks>
/// Source of paths and parameters: AMD 57230 "KDS interface". Observed with AMD's: 404 for an id of the wrong length, 429 when asked
/// too often. Made up: 400 for patch levels that are missing or no numbers, and that refused requests do not prolong the refusal.
/// VLEKs are not handed out, as AMD gives them to providers only.
/// </remarks>
public sealed class SimulatedKds : IDisposable, IAsyncDisposable
{
    private const int LongestRequest = 16 * 1024;

    private readonly SimulatedKdsOptions _options;
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;
    private readonly Lock _gate = new();
    private readonly HashSet<(SimulatedLine Line, string ChipId)> _chips = [];
    private readonly Dictionary<string, byte[]> _issued = new(StringComparer.Ordinal);
    private readonly List<SimulatedKdsFault> _faults = [];
    private readonly List<SimulatedKdsRequest> _requests = [];
    private long? _lastAnswer;

    private SimulatedKds(SimulatedKdsOptions options)
    {
        _options = options;
        _listener = new(IPAddress.Loopback, options.Port);
        try
        {
            _listener.Start();
        }
        catch (SocketException e)
        {
            _listener.Dispose();
            throw new SimulationException($"cannot listen on 127.0.0.1:{options.Port}: {e.Message}", "choose another port", e);
        }
        Address = new($"http://{_listener.LocalEndpoint}/");
        _serving = ServeAsync();
    }

    /// <summary>Where it listens, to be named in place of AMD's.</summary>
    public Uri Address { get; }

    /// <summary>What was asked so far, in order.</summary>
    public IReadOnlyList<SimulatedKdsRequest> Requests
    {
        get
        {
            lock (_gate)
                return [.. _requests];
        }
    }

    /// <summary>Starts to listen.</summary>
    /// <exception cref="SimulationException">The port is taken.</exception>
    public static SimulatedKds Start(SimulatedKdsOptions options) => new(options);

    /// <summary>How often a path was asked for, whatever the answer.</summary>
    public int Count(string path) => Requests.Count(request => request.Path == path);

    /// <summary>Makes a chip known; its VCEKs are handed out at any TCB.</summary>
    public void Register(SimulatedLine line, byte[] chipId)
    {
        lock (_gate)
            _chips.Add((line, Convert.ToHexStringLower(chipId)));
    }

    /// <summary>Lets the next requests that it fits suffer.</summary>
    public void Inject(SimulatedKdsFault fault, int times = 1)
    {
        lock (_gate)
            _faults.AddRange(Enumerable.Repeat(fault, times));
    }

    public void Dispose()
    {
        if (_stop.IsCancellationRequested)
            return;
        _stop.Cancel();
        _listener.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        Dispose();
        await _serving;
    }

    private async Task ServeAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                connections.RemoveAll(connection => connection.IsCompleted);
                connections.Add(ServeAsync(client));
            }
        }
        catch (Exception e) when (_stop.IsCancellationRequested && e is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // InvalidOperationException, which ObjectDisposedException is one of, is what a listener throws that is stopped between two connections.
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                if (await ReadRequestAsync(stream) is not [string method, string target, ..])
                    return;
                SimulatedKdsFault? fault;
                Answer answer;
                lock (_gate)
                {
                    fault = TakeFault(target);
                    answer = fault switch
                    {
                        { Code: { } code } => new(code, "text/plain", []) { RetryAfter = fault.RetryAfter },
                        { Body: { } body } => new(200, "application/octet-stream", body),
                        { Length: not null } or { Cuts: true } => new(fault.Cuts ? 0 : 200, "application/octet-stream", []),
                        _ => Throttled() ?? AnswerTo(method, target),
                    };
                    SimulatedKdsRequest request = new(method, target, answer.Status, _options.Time.GetUtcNow());
                    _requests.Add(request);
                    _options.OnRequest?.Invoke(request);
                }
                if (fault is { Wait.Ticks: > 0 })
                    await Task.Delay(fault.Wait, _options.Time, _stop.Token);
                // Clients silently ask again when not even one byte comes, since an idle connection may have been closed.
                if (answer.Status == 0)
                    await stream.WriteAsync("HTTP"u8.ToArray(), _stop.Token);
                else
                    await WriteAsync(stream, answer, fault);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // The client went away, or the service does: nobody is left to be told.
            }
        }
    }

    private async Task<string[]> ReadRequestAsync(NetworkStream stream)
    {
        byte[] buffer = new byte[LongestRequest];
        int length = 0;
        while (buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0)
        {
            int read = length == buffer.Length ? 0 : await stream.ReadAsync(buffer.AsMemory(length), _stop.Token);
            if (read == 0)
                return [];
            length += read;
        }
        return Encoding.Latin1.GetString(buffer, 0, length).Split("\r\n")[0].Split(' ');
    }

    private async Task WriteAsync(NetworkStream stream, Answer answer, SimulatedKdsFault? fault)
    {
        StringBuilder head = new();
        head.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {answer.Status} {(HttpStatusCode)answer.Status}\r\nConnection: close\r\n");
        head.Append(CultureInfo.InvariantCulture, $"Content-Type: {answer.ContentType}\r\n");
        if (answer.RetryAfter is { } retryAfter)
            head.Append(CultureInfo.InvariantCulture, $"Retry-After: {retryAfter}\r\n");
        if (fault?.Length is null)
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {answer.Body.Length}\r\n");
        head.Append("\r\n");
        await stream.WriteAsync(Encoding.Latin1.GetBytes(head.ToString()), _stop.Token);
        int sent = fault is { CutsBody: true } ? answer.Body.Length / 2 : answer.Body.Length;
        await stream.WriteAsync(answer.Body.AsMemory(0, sent), _stop.Token);
        byte[] zeros = new byte[64 * 1024];
        for (long left = fault?.Length ?? 0; left > 0; left -= zeros.Length)
            await stream.WriteAsync(zeros.AsMemory(0, (int)Math.Min(left, zeros.Length)), _stop.Token);
    }

    private SimulatedKdsFault? TakeFault(string target)
    {
        int index = _faults.FindIndex(fault => fault.PathContains is not { } part || target.Contains(part, StringComparison.Ordinal));
        if (index < 0)
            return null;
        SimulatedKdsFault fault = _faults[index];
        _faults.RemoveAt(index);
        return fault;
    }

    private Answer? Throttled()
    {
        if (_lastAnswer is { } last && _options.Time.GetElapsedTime(last) is var elapsed && elapsed < _options.Interval)
        {
            return Answer.Text(429, "too many requests") with
            {
                RetryAfter = Math.Ceiling((_options.Interval - elapsed).TotalSeconds).ToString(CultureInfo.InvariantCulture),
            };
        }
        _lastAnswer = _options.Time.GetTimestamp();
        return null;
    }

    private Answer AnswerTo(string method, string target)
    {
        string[] parts = target.Split('?', 2);
        if (method != "GET")
            return Answer.Text(405, "only GET");
        if (parts[0].Split('/') is not ["", ("vcek" or "vlek") and string kind, "v1", string name, string last]
            || _options.Authorities.FirstOrDefault(authority => authority.Line.ToString() == name) is not { } authority)
        {
            return Answer.Text(404, "not found");
        }
        bool vlek = kind == "vlek";
        return last switch
        {
            "cert_chain" => new(200, "application/x-pem-file",
                Encoding.ASCII.GetBytes(vlek ? authority.VlekChainPem : authority.VcekChainPem)),
            "crl" => new(200, "application/pkix-crl", (vlek ? _options.VlekCrl : _options.VcekCrl)?.Invoke(authority) ?? authority.IssueCrl()),
            _ when vlek => Answer.Text(404, "not found"),
            _ => Vcek(authority, last.ToLowerInvariant(), Parameters(parts.Length == 2 ? parts[1] : "")),
        };
    }

    private Answer Vcek(SimulatedAuthority authority, string chipId, Dictionary<string, string> levels)
    {
        if (chipId.Length != authority.Line.ChipIdLength * 2 || chipId.Any(digit => !char.IsAsciiHexDigit(digit))
            || !(_options.AnyChip || _chips.Contains((authority.Line, chipId))))
        {
            return Answer.Text(404, "no such chip");
        }
        if (authority.Line.HasFmc && !levels.ContainsKey("fmcSPL"))
            return Answer.Text(404, "fmcSPL is missing");
        if (Level("blSPL") is not { } bootloader || Level("teeSPL") is not { } tee || Level("snpSPL") is not { } snp
            || Level("ucodeSPL") is not { } microcode || (authority.Line.HasFmc && Level("fmcSPL") is null))
        {
            return Answer.Text(400, "patch levels are missing or no numbers from 0 to 255");
        }
        SimulatedTcb tcb = new(authority.Line.HasFmc ? Level("fmcSPL") : null, bootloader, tee, snp, microcode);
        string key = $"{authority.Line} {chipId} {tcb}";
        // A VCEK never changes once it was issued.
        if (!_issued.TryGetValue(key, out byte[]? certificate))
        {
            using SimulatedKey vcek = authority.IssueVcek(Convert.FromHexString(chipId), tcb);
            _issued[key] = certificate = vcek.Certificate;
        }
        return new(200, "application/pkix-cert", certificate);

        byte? Level(string name) =>
            byte.TryParse(levels.GetValueOrDefault(name), NumberStyles.None, CultureInfo.InvariantCulture, out byte level) ? level : null;
    }

    private static Dictionary<string, string> Parameters(string query)
    {
        Dictionary<string, string> parameters = new(StringComparer.Ordinal);
        foreach (string[] pair in query.Split('&').Select(parameter => parameter.Split('=', 2)).Where(pair => pair.Length == 2))
            parameters[pair[0]] = pair[1];
        return parameters;
    }

    private sealed record Answer(int Status, string ContentType, byte[] Body)
    {
        public string? RetryAfter { get; init; }

        public static Answer Text(int status, string text) => new(status, "text/plain", Encoding.ASCII.GetBytes(text));
    }
}
