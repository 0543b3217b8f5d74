using System.Net;
using System.Net.Sockets;

namespace OpenStackSev.Acceptance.Cloud;

/// <summary>Ports for programs that a test starts.</summary>
public static class Ports
{
    /// <summary>Below those that the kernel gives to outgoing connections, of which OpenStack makes many: nobody takes it before the program does.</summary>
    public static int Free()
    {
        while (true)
        {
            int port = Random.Shared.Next(20_000, 30_000);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // taken
            }
        }
    }
}
